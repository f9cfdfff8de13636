import type { DeviceCertificate } from "@trine/core/registry";
import { signCoapLogin } from "@trine/device";
import { parse } from "coap-packet";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CoapsBench, firmwareOf, logIn, openCoapsBench, pskOf } from "./coaps-bench.ts";
import { datagramOf, openRaw, option } from "./raw-client.ts";

const REGISTER = option("Observe", "");

let bench: CoapsBench;
let device: DeviceCertificate;

beforeAll(async () => {
  bench = await openCoapsBench();
});

afterAll(() => bench.stop());

beforeEach(async () => {
  device = await bench.gateway.addDevice();
});

function topicOf({ productKey, deviceName }: DeviceCertificate): string {
  return `/topic/${productKey}/${deviceName}/user/update`;
}

function loginOf(certificate: DeviceCertificate, given = {}): Buffer {
  return Buffer.from(signCoapLogin(firmwareOf(certificate), given));
}

describe("over DTLS", () => {
  it("a device logs in as over plain UDP, and publishes with its token, in clear and without numbers", async () => {
    const client = await bench.open({ psk: pskOf(device) });
    const credentials = await logIn(client, device);
    for (const name of [2088, 61]) {
      const options = [option(name, credentials.value)];
      const published = await client.request({ path: topicOf(device), options, payload: Buffer.from(`by ${name}`) });
      expect(published.code).toBe("2.05");
    }
    const published = await bench.gateway.published(device);
    expect(published.map(({ payload, transport }) => [String(payload), transport])).toEqual([
      ["by 2088", "coaps"],
      ["by 61", "coaps"],
    ]);
    await client.close();
  });

  it("a login is answered with the token and nothing else, even one that asks for sealed payloads", async () => {
    const client = await bench.open({ psk: pskOf(device) });
    for (const payload of [loginOf(device), loginOf(device, { seq: "39" })]) {
      const answer = await client.request({ path: "/auth", payload });
      expect(Object.keys(JSON.parse(String(answer.payload)))).toEqual(["token"]);
    }
    await client.close();
  });

  it("a handshake logs nobody in", async () => {
    const client = await bench.open({ psk: pskOf(device) });
    const answer = await client.request({ path: topicOf(device), payload: Buffer.from("x") });
    expect(answer.code).toBe("4.01");
    await client.close();
  });

  it("a session that one device opened by its key lets no other log in, nor use its token", async () => {
    const other = await bench.gateway.addDevice();
    const client = await bench.open({ psk: pskOf(device) });
    expect((await client.request({ path: "/auth", payload: loginOf(other) })).code).toBe("4.01");
    const own = await bench.open({ psk: pskOf(other) });
    const credentials = await logIn(own, other);
    const stolen = await client.request({ path: topicOf(other), options: [credentials], payload: Buffer.from("x") });
    expect(stolen.code).toBe("4.01");
    expect((await own.request({ path: topicOf(other), options: [credentials] })).code).toBe("2.05");
    await Promise.all([client.close(), own.close()]);
  });

  it("a token is worth nothing over plain UDP, and one of plain UDP nothing here", async () => {
    const [client, plain] = [await bench.open({ psk: pskOf(device) }), await openRaw(bench.port)];
    const [secured, open] = [await logIn(client, device), await logIn(plain, device)];
    expect((await plain.request({ path: topicOf(device), options: [secured] })).code).toBe("4.01");
    expect((await client.request({ path: topicOf(device), options: [open] })).code).toBe("4.01");
    expect((await client.request({ path: topicOf(device), options: [secured] })).code).toBe("2.05");
    expect((await plain.request({ path: topicOf(device), options: [open] })).code).toBe("2.05");
    await Promise.all([client.close(), plain.close()]);
  });

  it("a token outlives the session that it was given in", async () => {
    const first = await bench.open({ psk: pskOf(device) });
    const credentials = await logIn(first, device);
    await first.close();
    const second = await bench.open({ psk: pskOf(device) });
    expect((await second.request({ path: topicOf(device), options: [credentials] })).code).toBe("2.05");
    await second.close();
  });

  it("a product may let its devices in over DTLS only", async () => {
    const { productKey } = await bench.gateway.addProduct({ policy: { transports: ["coaps"] } });
    const careful = await bench.gateway.addDevice(productKey);
    const [client, plain] = [await bench.open({ psk: pskOf(careful) }), await openRaw(bench.port)];
    expect((await plain.request({ path: "/auth", payload: loginOf(careful) })).code).toBe("4.03");
    expect((await client.request({ path: "/auth", payload: loginOf(careful) })).code).toBe("2.05");
    await Promise.all([client.close(), plain.close()]);
  });

  it("without a key the server's certificate secures the channel, and the signature says who it is", async () => {
    const client = await bench.open({});
    const credentials = await logIn(client, device);
    expect((await client.request({ path: topicOf(device), options: [credentials] })).code).toBe("2.05");
    await client.close();
  });
});

describe("the certificate of a device", () => {
  async function certified() {
    const x509 = await bench.ca.issue({ commonName: "a lamp" });
    const { productKey, deviceName } = device;
    const { fingerprint } = x509;
    const record = { fingerprint, device: { productKey, deviceName }, origin: "bound", createdAtMs: 0 } as const;
    expect(await bench.gateway.ports.x509.insert(record)).toBe("inserted");
    return bench.open({ x509 });
  }

  it.each([{}, { sign: "" }])("logs it in without a signature, and tells it its names: %j", async (fields) => {
    const client = await certified();
    const answer = await client.request({ path: "/auth", payload: Buffer.from(JSON.stringify(fields)) });
    const { token, ...names } = JSON.parse(String(answer.payload)) as Record<string, string>;
    expect(names).toEqual({ productKey: device.productKey, deviceName: device.deviceName });
    const options = [option(2088, token ?? "")];
    expect((await client.request({ path: topicOf(device), options })).code).toBe("2.05");
    await client.close();
  });

  it("lets no other device log in, with a signature or without", async () => {
    const other = await bench.gateway.addDevice();
    const client = await certified();
    const { productKey, deviceName } = other;
    const unsigned = Buffer.from(JSON.stringify({ productKey, deviceName }));
    expect((await client.request({ path: "/auth", payload: unsigned })).code).toBe("4.01");
    expect((await client.request({ path: "/auth", payload: loginOf(other) })).code).toBe("4.01");
    expect((await client.request({ path: "/auth", payload: loginOf(device) })).code).toBe("2.05");
    await client.close();
  });

  it("that is nobody's logs nobody in", async () => {
    const client = await bench.open({ x509: await bench.ca.issue({ commonName: "nobody" }) });
    expect((await client.request({ path: "/auth", payload: Buffer.from("{}") })).code).toBe("4.01");
    await client.close();
  });

  it("is needed for a login without a signature", async () => {
    const client = await bench.open({ psk: pskOf(device) });
    expect((await client.request({ path: "/auth", payload: Buffer.from("{}") })).code).toBe("4.00");
    await client.close();
  });
});

describe("a device that observes", () => {
  async function observed() {
    const client = await bench.open({ psk: pskOf(device) });
    const options = [REGISTER, await logIn(client, device)];
    const answer = await client.request({ method: "GET", path: "/mailbox", options, token: Buffer.of(7) });
    expect(answer.code).toBe("2.05");
    return client;
  }

  it("is told its messages in its session", async () => {
    const client = await observed();
    const id = await bench.send(device, "hello");
    const notification = parse(await client.take());
    expect(notification).toMatchObject({ code: "2.05", confirmable: true, token: Buffer.of(7) });
    expect(JSON.parse(String(notification.payload))).toMatchObject({ messageId: id });
    client.settle(notification);
    await client.close();
  });

  it("observes no more when its session ends; its message waits for the next one", async () => {
    const { openings, closings } = bench.gateway.recorder;
    const client = await observed();
    await client.close();
    // Sessions of the cases before end behind their tests as well.
    await expect.poll(() => closings.length).toBe(openings.length);
    expect(closings.at(-1)).toEqual({ transport: "coaps", why: "disconnected" });
    const id = await bench.send(device, "later");
    expect((await bench.gateway.ports.mailbox.status(device, id, Date.now()))?.state).toBe("queued");
    const next = await observed();
    expect(JSON.parse(String(parse(await next.take()).payload))).toMatchObject({ messageId: id });
    await next.close();
  });
});

it("the same message id in a new session at the same address and port is another message", async () => {
  const psk = pskOf(device);
  const first = await bench.open({ psk });
  const credentials = await logIn(first, device);
  const publish = datagramOf({ path: topicOf(device), options: [credentials], payload: Buffer.from("x") }, 777);
  expect(await first.ask(publish)).toEqual(await first.ask(publish));
  await first.abandon();
  const second = await bench.open({ psk }, { from: { port: first.localPort } });
  expect(parse(await second.ask(publish)).code).toBe("2.05");
  expect(await bench.gateway.published(device)).toHaveLength(2);
  await second.close();
});
