import { derivePayloadKey, openPayload, sealPayload } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";
import type { DeviceCertificate } from "@trine/core/registry";
import { signCoapLogin } from "@trine/device";
import { ANSWERING_SERVICES, createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import { encode } from "cborg";
import { generate, type Option, parse } from "coap-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CoapSettings } from "../src/index.ts";
import { startOn, tokenOf } from "./driver.ts";
import { block1, datagramOf, openRaw, option, type RawClient } from "./raw-client.ts";

let gateway: TestPlatform;
let certificate: DeviceCertificate;
let stop: () => Promise<void>;
let client: RawClient;
let symmetric: RawClient;

beforeEach(async () => {
  gateway = await createTestPlatform({ openServices: () => ANSWERING_SERVICES });
  certificate = await gateway.addDevice();
  await start(gateway.platform);
});

afterEach(async () => {
  await stop();
  await gateway.stop();
});

async function start(platform: Platform, settings: Partial<CoapSettings> = {}): Promise<void> {
  const { port, symmetricPort, adapter } = await startOn(platform, settings);
  client = await openRaw(port);
  symmetric = await openRaw(symmetricPort);
  stop = async () => {
    await Promise.all([client.close(), symmetric.close()]);
    await adapter.stop();
  };
}

function loginBody(seq?: string): string {
  const signer = { ...certificate, deviceSecret: certificate.deviceSecret.reveal() };
  return signCoapLogin(signer, seq === undefined ? {} : { seq });
}

function auth(body: string | Uint8Array, options: Option[] = []) {
  return { path: "/auth", payload: Buffer.from(body), options };
}

function topicPath(suffix = "user/update"): string {
  return `/topic/${certificate.productKey}/${certificate.deviceName}/${suffix}`;
}

/** What a device knows after a login with sealed payloads. */
async function logInSealed(seq = "39") {
  const answer = await symmetric.request(auth(loginBody(seq)));
  const { random, seqOffset } = JSON.parse(answer.payload.toString()) as { random: string; seqOffset: number };
  const key = derivePayloadKey(certificate.deviceSecret, random);
  return {
    token: tokenOf(answer),
    seqOffset,
    key,
    number: (text: string | number) => sealPayload(key, Buffer.from(String(text))),
  };
}

async function texts(): Promise<string[]> {
  return (await gateway.published(certificate)).map(({ payload }) => payload.toString());
}

describe("a login", () => {
  it("is answered with JSON that holds the token alone, or the numbering too where payloads are sealed", async () => {
    const plain = await client.request(auth(loginBody()));
    expect(Object.keys(JSON.parse(plain.payload.toString()) as object)).toEqual(["token"]);
    for (const answer of [await client.request(auth(loginBody("39"))), await symmetric.request(auth(loginBody()))]) {
      expect(Object.keys(JSON.parse(answer.payload.toString()) as object)).toEqual(["random", "seqOffset", "token"]);
    }
  });

  it.each(["39", "9780", "1A2B", "BF18"])("signs its number %s as it was sent", async (seq) => {
    expect((await symmetric.request(auth(loginBody(seq)))).code).toBe("2.05");
    const altered = loginBody(seq).replace(`"${seq}"`, `"0${seq}"`);
    expect((await symmetric.request(auth(altered))).code).toBe("4.01");
  });

  it("may be CBOR", async () => {
    const body = encode(JSON.parse(loginBody("39")));
    expect((await client.request(auth(body, [option("Content-Format", Buffer.of(60))]))).code).toBe("2.05");
    expect((await client.request(auth(body, [option("Content-Format", Buffer.of(50))]))).code).toBe("4.00");
  });

  it("may count its terminating NUL in, and name fields that nobody knows", async () => {
    const body = loginBody().replace("{", '{"version":"1.0","resources":[{}],');
    expect((await client.request(auth(`${body}\0`))).code).toBe("2.05");
  });

  it("with ackMode 1 is acknowledged first and answered by a CON of its own", async () => {
    const body = loginBody().replace("{", '{"ackMode":"1",');
    const token = Buffer.of(9, 8, 7);
    const datagram = datagramOf({ ...auth(body), token }, 77);
    expect(parse(await client.ask(datagram))).toMatchObject({ ack: true, code: "0.00", messageId: 77 });
    const answer = parse(await client.take());
    expect(answer).toMatchObject({ confirmable: true, code: "2.05", token });
    client.send(generate({ code: "0.00", ack: true, messageId: answer.messageId }));
    expect(tokenOf(answer)).toHaveLength(32);
  });

  it("is refused by a code, without a payload", async () => {
    const wrong = loginBody().replace(certificate.deviceName, `${certificate.deviceName.slice(1)}x`);
    const answer = await client.request({ ...auth(wrong), token: Buffer.of(5) });
    expect(answer).toMatchObject({ code: "4.01", token: Buffer.of(5), options: [] });
    expect(answer.payload).toHaveLength(0);
  });

  it("that finds the stores down is answered 5.03 with the seconds to wait", async () => {
    gateway.faults.down = true;
    const answer = await client.request(auth(loginBody()));
    expect(answer).toMatchObject({ code: "5.03", options: [{ name: "Max-Age" }] });
    const [seconds] = (answer.options[0]?.value ?? []) as Buffer;
    expect(seconds).toBeGreaterThanOrEqual(2);
    expect(seconds).toBeLessThanOrEqual(8);
  });
});

describe("a publish", () => {
  it.each([
    ["in option 61", (token: string) => [option(61, token)]],
    ["in option 2088", (token: string) => [option(2088, token)]],
    ["in the query", (token: string) => [option("Uri-Query", `token=${token}`)]],
    [
      "in an option, which wins over the query",
      (token: string) => [option("Uri-Query", "token=x"), option(2088, token)],
    ],
  ])("carries its token %s", async (_name, carry) => {
    const options = carry(tokenOf(await client.request(auth(loginBody()))));
    const answer = await client.request({ path: topicPath(), options, payload: Buffer.from("hello") });
    expect(answer.code).toBe("2.05");
    expect(answer.options).toMatchObject([{ name: "2090", value: expect.any(Buffer) }]);
    expect(await texts()).toEqual(["hello"]);
  });

  it.each([
    ["in option 2089", (number: Buffer) => option(2089, number)],
    ["in option 62", (number: Buffer) => option(62, number)],
    ["in the query, in hex", (number: Buffer) => option("Uri-Query", `seq=${number.toString("hex")}`)],
  ])("that is sealed carries its number %s", async (_name, carry) => {
    const { token, seqOffset, key, number } = await logInSealed();
    const options = [carry(number(seqOffset)), option(2088, token)];
    const answer = await symmetric.request({
      path: topicPath(),
      options,
      payload: sealPayload(key, Buffer.from("hi")),
    });
    expect(answer.code).toBe("2.05");
    expect(await texts()).toEqual(["hi"]);
  });

  it("that is sealed counts in decimal, whatever the spelling of the login's number was", async () => {
    const { token, seqOffset, key, number } = await logInSealed("BF18");
    const send = async (text: string | number) => {
      const options = [option(2088, token), option(2089, number(text))];
      return (await symmetric.request({ path: topicPath(), options, payload: sealPayload(key, Buffer.from("x")) }))
        .code;
    };
    const codes = [];
    for (let step = 0; step < 20; step += 1) codes.push(await send(seqOffset + step));
    expect(new Set(codes)).toEqual(new Set(["2.05"]));
    expect([await send(seqOffset), await send(seqOffset - 1), await send("1F")]).toEqual(["4.03", "4.03", "4.00"]);
  });

  it("that cannot be opened is refused and uses no number up", async () => {
    const { token, seqOffset, key, number } = await logInSealed();
    const options = [option(2088, token), option(2089, number(seqOffset))];
    const publish = (payload: Buffer) => symmetric.request({ path: topicPath(), options, payload });
    expect((await publish(Buffer.from("in clear"))).code).toBe("4.00");
    expect((await symmetric.request({ path: topicPath(), options: [option(2088, token)] })).code).toBe("4.00");
    expect((await publish(sealPayload(key, Buffer.from("sealed")))).code).toBe("2.05");
    expect(await texts()).toEqual(["sealed"]);
  });

  it("as a NON is answered by a NON", async () => {
    const options = [option(2088, tokenOf(await client.request(auth(loginBody()))))];
    const publish = { path: topicPath(), options, payload: Buffer.from("non"), confirmable: false };
    const answer = await client.request({ ...publish, token: Buffer.of(3) });
    expect(answer).toMatchObject({ code: "2.05", ack: false, confirmable: false, token: Buffer.of(3) });
    expect(await texts()).toEqual(["non"]);
  });

  it("that takes the store long is acknowledged, and answered when it is stored", async () => {
    let finish: (() => void) | undefined;
    const stored = new Promise<void>((done) => {
      finish = done;
    });
    const { uplink } = gateway.platform;
    const slow: Platform["uplink"] = {
      ...uplink,
      accept: async (...args) => stored.then(() => uplink.accept(...args)),
    };
    await stop();
    await start({ ...gateway.platform, uplink: slow }, { TRINE_COAP_PIGGYBACK_MS: 10 });
    const options = [option(2088, tokenOf(await client.request(auth(loginBody()))))];
    const datagram = datagramOf({ path: topicPath(), options, payload: Buffer.from("late") }, 500);
    expect(parse(await client.ask(datagram))).toMatchObject({ code: "0.00", ack: true, messageId: 500 });
    expect(await texts()).toEqual([]);
    finish?.();
    const answer = parse(await client.take());
    expect(answer).toMatchObject({ code: "2.05", confirmable: true });
    client.send(generate({ code: "0.00", ack: true, messageId: answer.messageId }));
    expect(await texts()).toEqual(["late"]);
  });

  it.each([
    ["that fits comes back with the acknowledgement, sealed", 10, 0],
    ["that does not fit a datagram is left out and counted", 1100, 1],
  ])("has the gateway's reply %s", async (_name, idLength, dropped) => {
    const { token, seqOffset, key, number } = await logInSealed();
    const id = "7".repeat(idLength);
    const answer = await symmetric.request({
      path: `/topic/sys/${certificate.productKey}/${certificate.deviceName}/thing/event/property/post`,
      options: [option(2088, token), option(2089, number(seqOffset))],
      payload: sealPayload(key, Buffer.from(JSON.stringify({ id, params: {} }))),
    });
    expect(answer.code).toBe("2.05");
    if (dropped === 0) expect(JSON.parse(String(openPayload(key, answer.payload)))).toMatchObject({ id, code: 200 });
    else expect(answer.payload).toHaveLength(0);
    expect(gateway.recorder.drops).toEqual(Array(dropped).fill({ transport: "coap", reason: "reply_too_large" }));
  });
});

describe("a request is refused", () => {
  const login = () => loginBody();
  it.each<[string, () => Parameters<RawClient["request"]>[0], string]>([
    ["on an unknown path", () => ({ path: "/nowhere" }), "4.04"],
    ["by another method", () => ({ method: "GET", path: "/auth" }), "4.05"],
    ["with an unknown critical option", () => auth(login(), [option(2091, "")]), "4.02"],
    ["with a precondition", () => auth(login(), [option("If-None-Match", "")]), "4.02"],
    ["with a critical option too many", () => auth(login(), [block1(0, false), block1(0, false)]), "4.02"],
    ["with a critical option too long", () => auth(login(), [option("Accept", Buffer.of(0, 0, 50))]), "4.02"],
    ["whose answer must be XML", () => auth(login(), [option("Accept", Buffer.of(41))]), "4.06"],
    ["whose body is an image", () => auth(login(), [option("Content-Format", Buffer.of(22))]), "4.15"],
    ["whose body is none", () => auth("x"), "4.00"],
    ["whose login is larger than any", () => auth("x".repeat(4113)), "4.13"],
    ["whose block is the last, alone", () => auth("x", [block1(3, false)]), "4.08"],
    ["whose block is reserved", () => auth("x", [block1(0, false, 7)]), "4.00"],
    ["that publishes without a token", () => ({ path: topicPath() }), "4.01"],
    ["that publishes with a token of nobody", () => ({ path: topicPath(), options: [option(2088, "x")] }), "4.01"],
  ])("%s", async (_name, request, code) => {
    const answer = await client.request(request());
    expect([answer.code, answer.payload.length]).toEqual([code, 0]);
  });

  it("whose blocks would make too much, with the size that is allowed", async () => {
    const block = block1(63, true);
    const answer = await client.request(auth("x".repeat(1024), [block]));
    expect(answer.code).toBe("4.13");
    expect(answer.options).toEqual([block, option("Size1", Buffer.of(0x10, 0x00))]);
  });
});

it("the C SDK 4 names formats that are none of ours for what it publishes", async () => {
  const token = tokenOf(await client.request(auth(loginBody())));
  const codes: string[] = [];
  for (const format of [0, 40, 41, 42, 43, 47, 50, 60]) {
    const options = [option("Content-Format", Buffer.of(format)), option(2088, token)];
    codes.push((await client.request({ path: topicPath(), options, payload: Buffer.from("x") })).code);
  }
  expect(new Set(codes)).toEqual(new Set(["2.05"]));
});
