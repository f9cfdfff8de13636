import { makeTempFolder, type TempFolder } from "@trine/testkit/servers";
import { findVector } from "@trine/vectors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CAPTURED, type CapturedName, capturedDevice, seedCapturedFleet } from "../src/captured-fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { openUdp, sendOverTcp } from "../src/send-bytes.ts";
import { readUntil } from "../src/uplink-reader.ts";

describe("requests that were captured from the vendor's SDKs, byte by byte", () => {
  let folder: TempFolder;
  let trine: Installation;

  beforeAll(async () => {
    folder = await makeTempFolder("captured");
    await seedCapturedFleet(folder.path);
    trine = await startInstallation("embedded", { TRINE_DATA_DIR: folder.path });
  }, 120_000);
  afterAll(async () => {
    await trine?.dispose();
    await folder?.remove();
  });

  const connect = (packet: Buffer) => sendOverTcp(trine.ports.mqtt, packet, (received) => received.length >= 4);
  const post = (text: string) => sendOverTcp(trine.ports.http, Buffer.from(text, "latin1"), hasWholeBody);

  it("the Node SDK's CONNECT is accepted", async () => {
    expect((await connect(hexOf("mqtt-connect-raw-node128-A", "connectPacketHex"))).toString("hex")).toBe("20020000");
  });

  it("a CONNECT that declares SHA-256 and sends the SHA-1 MAC is refused with 4", async () => {
    const { outputs } = findVector("mqtt-node128-sha256-NEGATIVE");
    const packet = hexOf("mqtt-connect-raw-node128-A", "connectPacketHex").toString("latin1");
    expect(packet).toContain(String(outputs["sentByNodeSdk"]));
    // What the SDK writes with signAlgorithm "sha256": another declaration and the same MAC, two bytes more.
    const lying = Buffer.from(packet.replace("signmethod=hmacsha1,", "signmethod=hmacsha256,"), "latin1");
    lying.writeUInt8(lying.readUInt8(1) + 2, 1);
    lying.writeUInt16BE(lying.readUInt16BE(13) + 2, 13);
    expect((await connect(lying)).toString("hex")).toBe(`200200${hexByte(Number(outputs["expectedConnack"]))}`);
  });

  it.each(CAPTURED.flatMap((name) => ["c320", "c420"].map((sdk) => [name, sdk] as const)))(
    "the /auth body of device %s as C SDK %s sends it is accepted, and its token publishes",
    async (name, sdk) => {
      const login = String(findVector(`http-auth-${sdk}-${name}`).outputs["body"]);
      const authReply = await post(request("/auth", ["Content-Type: application/json"], login));
      const { token } = (JSON.parse(bodyOf(authReply)) as { info: { token: string } }).info;
      expect(headOf(authReply)).toMatch(/^HTTP\/1\.1 200 .*\r\nContent-Length: \d+(\r\n|$)/ms);
      expect(headOf(authReply)).not.toMatch(/chunked/i);

      // What the SDK posts right after: its version, with no blank behind `password:` (wire-format 4.2, 4.4).
      const { productKey, deviceName } = capturedDevice(name);
      const path = `/topic/sys/${productKey}/${deviceName}/thing/deviceinfo/update`;
      const published = await post(
        request(path, [`password:${token}`, "Content-Type: application/octet-stream"], '{"id":"1","params":[]}'),
      );
      expect(bodyOf(published)).toMatch(/^{"code":0,"message":"success","info":{"messageId":\d+}}$/);
    },
  );

  it("the C SDK's CoAP login is accepted, with the fields and the order that it expects", async () => {
    const udp = await openUdp(trine.ports.symmetric);
    const answer = await udp.send(hexOf("coap-auth-c320-B", "requestHex"));
    const captured = hexOf("coap-auth-c320-B", "responseHex");
    const payloadAt = captured.indexOf(0xff) + 1;
    // The head is the captured one: acknowledgement, 2.05, message id and token of the request.
    expect(answer.subarray(0, payloadAt).toString("hex")).toBe(captured.subarray(0, payloadAt).toString("hex"));
    const reply = JSON.parse(answer.subarray(payloadAt).toString()) as object;
    expect(Object.keys(reply)).toEqual(Object.keys(JSON.parse(captured.subarray(payloadAt).toString()) as object));
    udp.close();
  });

  it("the C SDK's sealed CoAP publish is opened and stored, repeated to who repeats it, and refused to who replays it", async () => {
    const request = hexOf("coap-aes-B", "publishRequestHex");
    const udp = await openUdp(trine.ports.symmetric);
    const answer = await udp.send(request);
    // 2.05 to the request's message id and token.
    expect(answer.subarray(0, 8).toString("hex")).toBe("6445d8fb06030201");
    expect(await udp.send(request)).toEqual(answer);
    const stranger = await openUdp(trine.ports.symmetric);
    expect((await stranger.send(request)).readUInt8(1)).toBe(FORBIDDEN);
    udp.close();
    stranger.close();

    const { productKey } = capturedDevice("B");
    const isPublished = ({ topic }: { topic: string }) => topic.endsWith("/user/update");
    const read = await readUntil(trine.api, (messages) => messages.some(isPublished), {
      group: "captured",
      productKey,
    });
    expect(read.filter(isPublished)).toMatchObject([{ text: '{"name":"hello world"}', transport: "coap" }]);
  });

  it("each device was activated by its login", async () => {
    const show = (name: CapturedName) => {
      const { productKey, deviceName } = capturedDevice(name);
      return trine.api.call("GET", `/v1/products/${productKey}/devices/${encodeURIComponent(deviceName)}`);
    };
    for (const name of CAPTURED) expect(await show(name)).toMatchObject({ activatedAt: expect.any(String) });
  });
});

// RFC 7252 12.1.2: 4.03.
const FORBIDDEN = 0x83;

function hexOf(id: string, output: string): Buffer {
  return Buffer.from(String(findVector(id).outputs[output]), "hex");
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** A request with the C SDK's order of headers. */
function request(path: string, headers: readonly string[], body: string): string {
  const host = "Host: iot-as-http.cn-shanghai.aliyuncs.com";
  const [first = "", ...others] = headers;
  const own = first.startsWith("password:")
    ? ["Connection: Keep-Alive", first, `Content-Length: ${body.length}`, ...others]
    : [`Content-Length: ${body.length}`, ...headers];
  return [`POST ${path} HTTP/1.1`, host, ...own, "", body].join("\r\n");
}

function hasWholeBody(received: Buffer): boolean {
  const text = received.toString("latin1");
  const length = /\r\nContent-Length: (\d+)\r\n/.exec(text)?.[1];
  return length !== undefined && text.includes("\r\n\r\n") && bodyOf(received).length >= Number(length);
}

function headOf(response: Buffer): string {
  return response.toString("latin1").split("\r\n\r\n", 1)[0] ?? "";
}

function bodyOf(response: Buffer): string {
  return response.toString("latin1").slice(headOf(response).length + 4);
}
