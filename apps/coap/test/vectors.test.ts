import { derivePayloadKey, openPayload, Secret, sealPayload } from "@trine/core/certificate";
import type { RunningAdapter } from "@trine/core/platform";
import { findVector, loadVectors, type Vector } from "@trine/vectors";
import { generate, type ParsedPacket, parse } from "coap-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startOn } from "./driver.ts";
import { openRaw, option, type RawClient } from "./raw-client.ts";
import { createVectorGateway, type VectorGateway } from "./vector-gateway.ts";

const AUTH_A = findVector("coap-auth-c320-A");
const AUTH_B = findVector("coap-auth-c320-B");
const AES_A = findVector("coap-aes-A");
const AES_B = findVector("coap-aes-B");

let gateway: VectorGateway;
let adapter: RunningAdapter;
let client: RawClient;

beforeEach(async () => {
  gateway = await createVectorGateway();
  const started = await startOn(gateway.platform);
  adapter = started.adapter;
  client = await openRaw(started.symmetricPort);
});

afterEach(async () => {
  await client.close();
  await adapter.stop();
});

function outputOf({ outputs }: Vector, name: string): Buffer {
  return Buffer.from(String(outputs[name]), "hex");
}

function logIn(body: object): Promise<ParsedPacket> {
  return client.request({ path: "/auth", payload: Buffer.from(JSON.stringify(body)) });
}

describe("a login", () => {
  it("of the C SDK 3.2, as it was captured, gets the captured reply but for what is drawn", async () => {
    const reply = await client.ask(outputOf(AUTH_B, "requestHex"));
    const drawn = JSON.parse(parse(reply).payload.toString()) as Record<string, unknown>;
    expect(drawn).toEqual({
      random: expect.stringMatching(/^[0-9a-f]{16}$/),
      seqOffset: expect.any(Number),
      token: expect.stringMatching(/^[\w-]{32}$/),
    });
    const captured = parse(outputOf(AUTH_B, "responseHex"));
    const values = JSON.parse(captured.payload.toString()) as Record<string, unknown>;
    const order = JSON.stringify(Object.fromEntries(Object.keys(drawn).map((name) => [name, values[name]])));
    expect(generate({ ...parse(reply), payload: Buffer.from(order) })).toEqual(outputOf(AUTH_B, "responseHex"));
  });

  it("of the C SDK 3.2 with the payload of identity A is accepted", async () => {
    const answer = await client.request({ path: "/auth", payload: Buffer.from(String(AUTH_A.outputs["payload"])) });
    expect(answer.code).toBe("2.05");
  });

  it("of every vector is accepted, and refused when one digit of its signature is another", async () => {
    const vectors = loadVectors().vectors.filter(({ id }) => id.startsWith("coap-auth-"));
    expect(vectors).toHaveLength(6);
    for (const { id, signedParams, outputs } of vectors) {
      const sign = String(outputs["sign"]);
      const signmethod = outputs["signmethod"];
      const body = { ...signedParams, sign, ...(signmethod === undefined ? {} : { signmethod }) };
      expect((await logIn(body)).code, id).toBe("2.05");
      const spoiled = `${sign.startsWith("0") ? "1" : "0"}${sign.slice(1)}`;
      const refused = await logIn({ ...body, sign: spoiled });
      expect([refused.code, refused.payload.length], id).toEqual(["4.01", 0]);
    }
  });
});

describe("a sealed publish", () => {
  it("of the C SDK 3.2, as it was captured, is opened, stored and answered; its repeat gets the same and is not run again", async () => {
    await gateway.keepSession("B", { token: "tokenXYZ0010500d00.beef", sealing: sealingOf(AES_B, 1200) });
    const request = outputOf(AES_B, "publishRequestHex");
    const answer = await client.ask(request);
    expect(answer.subarray(0, 8)).toEqual(outputOf(AES_B, "publishResponseHex").subarray(0, 8));
    expect(await client.ask(request)).toEqual(answer);
    expect(await gateway.published()).toMatchObject([
      { topic: "/a1RIsMLz2BJ/pump-7.B:3@site_1/user/update", payload: Buffer.from('{"name":"hello world"}') },
    ]);
    const other = Buffer.from(request);
    other.writeUInt16BE(1, 2);
    expect(parse(await client.ask(other)).code).toBe("4.03");
  });

  it.each([
    ["A", AES_A, 1],
    ["B", AES_B, 1200],
  ] as const)("with the numbers and payloads of identity %s is opened", async (identity, vector, seqOffset) => {
    const token = String(vector.inputs["token"]);
    await gateway.keepSession(identity, { token, sealing: sealingOf(vector, seqOffset) });
    const { productKey, deviceName } = loadVectors().meta.identities[identity] ?? {};
    const numbers = Object.values(vector.outputs["encryptedSeqHex"] as Record<string, string>);
    const payloads = Object.entries(vector.outputs["encryptedPayloadHex"] as Record<string, string>);
    for (const [index, [, sealed]] of payloads.entries()) {
      const answer = await client.request({
        path: `/topic/${productKey}/${deviceName}/user/update`,
        options: [option(61, token), option(2089, Buffer.from(numbers[index] ?? "", "hex"))],
        payload: Buffer.from(sealed, "hex"),
      });
      expect(answer.code).toBe("2.05");
    }
    expect((await gateway.published()).map(({ payload }) => payload.toString())).toEqual(
      payloads.map(([text]) => text),
    );
  });

  it("gets the gateway's reply sealed with the same key", async () => {
    const token = String(AES_B.inputs["token"]);
    const sealing = sealingOf(AES_B, 1200);
    await gateway.keepSession("B", { token, sealing });
    const key = derivePayloadKey(new Secret(String(AES_B.inputs["deviceSecret"])), sealing.random);
    const answer = await client.request({
      path: "/topic/sys/a1RIsMLz2BJ/pump-7.B:3@site_1/thing/event/property/post",
      options: [option(2088, token), option(2089, sealPayload(key, Buffer.from("1200")))],
      payload: sealPayload(key, Buffer.from('{"id":"7","params":{}}')),
    });
    expect(answer.code).toBe("2.05");
    expect(JSON.parse(String(openPayload(key, answer.payload)))).toMatchObject({ id: "7", code: 200 });
  });
});

function sealingOf({ inputs }: Vector, seqOffset: number): { random: string; seqOffset: number } {
  return { random: String(inputs["random"]), seqOffset };
}
