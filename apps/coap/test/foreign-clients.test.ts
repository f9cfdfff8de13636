import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { isRefusal } from "@trine/core/auth";
import type { RunningAdapter } from "@trine/core/platform";
import type { DeviceCertificate } from "@trine/core/registry";
import { connectCoap, signCoapLogin } from "@trine/device";
import { ANSWERING_SERVICES, createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import { makeTempFolder } from "@trine/testkit/servers";
import { Agent, type IncomingMessage } from "coap";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startOn, tokenOf } from "./driver.ts";
import { openRaw, option } from "./raw-client.ts";

const run = promisify(execFile);
// Debian's name of libcoap's client without TLS.
const LIBCOAP = "coap-client-notls";

let gateway: TestPlatform;
let adapter: RunningAdapter;
let ports: { port: number; symmetricPort: number };
let certificate: DeviceCertificate;

beforeEach(async () => {
  gateway = await createTestPlatform({ openServices: () => ANSWERING_SERVICES });
  certificate = await gateway.addDevice();
  ({ adapter, ...ports } = await startOn(gateway.platform));
});

afterEach(async () => {
  await adapter.stop();
  await gateway.stop();
});

function loginBody(): string {
  return signCoapLogin({ ...certificate, deviceSecret: certificate.deviceSecret.reveal() });
}

function topicPath(): string {
  return `topic/${certificate.productKey}/${certificate.deviceName}/user/update`;
}

/** Sends the device a message. @returns its id. */
async function send(payload: Buffer): Promise<string> {
  const { productKey, deviceName } = certificate;
  const topic = `/${productKey}/${deviceName}/user/get`;
  const message = { topic, payload, qos: 1, ttlMs: 3_600_000 } as const;
  const sent = await gateway.operators.downlink.send({ productKey, deviceName }, message);
  if (isRefusal(sent)) throw new Error(`refused: ${sent.code}`);
  return sent.messageId;
}

async function payloads(): Promise<Buffer[]> {
  return (await gateway.published(certificate)).map(({ payload }) => payload);
}

describe("coap-client of libcoap", () => {
  /** Posts, and answers what the client printed: the payload of a success, or the code of a refusal on standard error. */
  async function post(path: string, ...args: string[]): Promise<string> {
    const uri = `coap://127.0.0.1:${ports.port}/${path}`;
    const { stdout, stderr } = await run(LIBCOAP, ["-m", "post", "-B", "10", ...args, uri]);
    return stdout.trim() || stderr.trim();
  }

  async function logIn(): Promise<string> {
    const { token } = JSON.parse(await post("auth", "-t", "50", "-e", loginBody())) as { token: string };
    return token;
  }

  it("logs in and publishes, confirmable or not", async () => {
    const token = await logIn();
    expect(await post(topicPath(), "-t", "50", "-O", `2088,${token}`, "-e", "confirmable")).toBe("");
    expect(await post(topicPath(), "-N", "-t", "50", "-O", `2088,${token}`, "-e", "not")).toBe("");
    expect((await payloads()).map(String)).toEqual(["confirmable", "not"]);
  });

  it("is told by a code why it is refused", async () => {
    const wrong = loginBody().replace(/"sign":"./, (text) => `${text.slice(0, -1)}${text.endsWith("0") ? "1" : "0"}`);
    expect(await post("auth", "-t", "50", "-e", wrong)).toContain("4.01");
    expect(await post(topicPath(), "-e", "no token")).toContain("4.01");
  });

  it.each([64, 512, 1024])("uploads more than a datagram holds in blocks of %i bytes", async (bytes) => {
    const folder = await makeTempFolder("coap-blocks");
    const payload = randomBytes(5000);
    const file = join(folder.path, "payload");
    await writeFile(file, payload);
    const token = await logIn();
    expect(await post(topicPath(), "-b", String(bytes), "-t", "42", "-O", `2088,${token}`, "-f", file)).toBe("");
    expect(await payloads()).toEqual([payload]);
    await folder.remove();
  });
});

describe("coap-client of libcoap as a receiver", () => {
  const uri = (path: string, token: string) => `coap://127.0.0.1:${ports.port}/${path}?token=${token}`;

  async function ask(...args: string[]): Promise<string> {
    const { stdout, stderr } = await run(LIBCOAP, ["-B", "5", ...args]);
    return stdout.trim() || stderr.trim();
  }

  it("reads the next message, as large as it is, and acknowledges it", async () => {
    const token = await logIn();
    const payload = randomBytes(20_000);
    const messageId = await send(payload);
    for (let time = 0; time < 2; time += 1) {
      const read = JSON.parse(await ask("-m", "get", uri("mailbox", token))) as Record<string, string>;
      expect(read).toMatchObject({ messageId, payload: payload.toString("base64") });
    }
    expect(await ask("-m", "delete", uri(`mailbox/${messageId}`, token))).toBe("");
    expect(await ask("-m", "delete", uri(`mailbox/${messageId}`, token))).toContain("4.04");
    expect(await ask("-m", "get", uri("mailbox", token))).toBe("{}");
  });

  it("pulls a page that no datagram holds", async () => {
    const token = await logIn();
    const payloads = Array.from({ length: 5 }, () => randomBytes(900));
    for (const payload of payloads) await send(payload);
    const text = await ask("-m", "post", "-t", "50", "-e", '{"pageSize":"5"}', uri("pull", token));
    const page = JSON.parse(text) as { payload: string }[];
    expect(page.map((each) => Buffer.from(each.payload, "base64"))).toEqual(payloads);
  });

  it("observes: its acknowledgements deliver the messages, small ones and large ones", async () => {
    const token = await logIn();
    const texts = ["small", "x".repeat(5000), "last"];
    const client = spawn(LIBCOAP, ["-m", "get", "-s", "30", "-w", uri("mailbox", token)]);
    let printed = "";
    const messages = new Promise<{ payload: string }[]>((done) => {
      client.stdout.on("data", (part: Buffer) => {
        printed += part.toString();
        const found = printed.split("\n").filter((line) => line.includes("messageId") && line.endsWith("}"));
        if (found.length === texts.length) done(found.map((line) => JSON.parse(line) as { payload: string }));
      });
    });
    const ids = [];
    for (const text of texts) ids.push(await send(Buffer.from(text)));
    expect((await messages).map((each) => Buffer.from(each.payload, "base64").toString())).toEqual(texts);
    const state = async (id: string) => (await gateway.operators.downlink.status(certificate, id))?.state;
    for (const id of ids) await expect.poll(() => state(id)).toBe("delivered");
    client.kill("SIGKILL");
  });

  async function logIn(): Promise<string> {
    const login = ["-m", "post", "-t", "50", "-e", loginBody(), `coap://127.0.0.1:${ports.port}/auth`];
    return (JSON.parse(await ask(...login)) as { token: string }).token;
  }
});

it("the client of npm coap logs in and publishes", async () => {
  const agent = new Agent({ type: "udp4" });
  const post = (path: string, payload: string, token?: string) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const request = agent.request({ host: "127.0.0.1", port: ports.port, method: "POST", pathname: `/${path}` });
      request.setOption("Content-Format", "application/json");
      if (token !== undefined) request.setOption("2088", Buffer.from(token));
      request.on("response", resolve);
      request.on("error", reject);
      request.end(payload);
    });
  const login = await post("auth", loginBody());
  expect(login.code).toBe("2.05");
  const { token } = JSON.parse(login.payload.toString()) as { token: string };
  expect((await post(topicPath(), "by npm coap", token)).code).toBe("2.05");
  expect((await post(topicPath(), "with another token", "x".repeat(32))).code).toBe("4.01");
  expect((await payloads()).map(String)).toEqual(["by npm coap"]);
  agent.close();
});

it("a client that takes a new token for each block uploads", async () => {
  const client = await openRaw(ports.port);
  const login = await client.upload({ path: "/auth", payload: Buffer.from(loginBody()) }, 2);
  const payload = randomBytes(3000);
  const options = [option(2088, tokenOf(login))];
  expect((await client.upload({ path: topicPath(), options, payload }, 4)).code).toBe("2.05");
  expect(await payloads()).toEqual([payload]);
  await client.close();
});

it.each(["plain", "symmetric"] as const)("our own device publishes in the mode %s", async (mode) => {
  const port = mode === "plain" ? ports.port : ports.symmetricPort;
  const signer = { ...certificate, deviceSecret: certificate.deviceSecret.reveal() };
  const device = await connectCoap({ host: "127.0.0.1", port, certificate: signer, mode });
  const topic = `/sys/${certificate.productKey}/${certificate.deviceName}/thing/event/property/post`;
  const { messageId, reply } = await device.publish({ topic, payload: '{"id":"9","params":{}}' });
  expect(messageId).toMatch(/^\d+$/);
  expect(JSON.parse(String(reply))).toMatchObject({ id: "9", code: 200 });
  const own = topicPath().slice("topic".length);
  for (const text of ["one", "two", "three"]) await device.publish({ topic: own, payload: text });
  expect((await payloads()).map(String)).toEqual(["one", "two", "three"]);
  await device.close();
});

it.each(["plain", "symmetric"] as const)("our own device receives in the mode %s", async (mode) => {
  const port = mode === "plain" ? ports.port : ports.symmetricPort;
  const signer = { ...certificate, deviceSecret: certificate.deviceSecret.reveal() };
  const device = await connectCoap({ host: "127.0.0.1", port, certificate: signer, mode });
  expect([await device.fetchMessage(), await device.pull(3)]).toEqual([undefined, []]);
  const texts = ["one", "y".repeat(9000), "three"];
  const [first] = [await send(Buffer.from("fetched"))];
  expect(await device.fetchMessage()).toMatchObject({ messageId: first, payload: Buffer.from("fetched") });
  await device.acknowledge(first);
  for (const text of texts) await send(Buffer.from(text));
  expect((await device.pull(3)).map(({ payload }) => payload.toString())).toEqual(texts);

  const received: string[] = [];
  let done: () => void = () => undefined;
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  const observation = await device.observe(({ payload }) => {
    received.push(payload.toString());
    if (received.length === texts.length) done();
  });
  await all;
  expect(received).toEqual(texts);
  await expect.poll(async () => (await device.pull(3)).length).toBe(0);
  await observation.stop();
  expect(await observation.ended).toBeUndefined();
  const revoked = await device.observe(() => undefined);
  await gateway.operators.devices.disable(gateway.actor, certificate);
  expect(await revoked.ended).toBe("4.01");
  await device.close();
});
