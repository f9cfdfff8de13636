import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { RunningAdapter } from "@trine/core/platform";
import type { DeviceCertificate } from "@trine/core/registry";
import { connectCoap, signCoapLogin } from "@trine/device";
import { createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import { makeTempFolder } from "@trine/testkit/servers";
import { Agent, type IncomingMessage } from "coap";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startOn, tokenOf } from "./driver.ts";
import { openRaw, option } from "./raw-client.ts";

const run = promisify(execFile);

let gateway: TestPlatform;
let adapter: RunningAdapter;
let ports: { port: number; symmetricPort: number };
let certificate: DeviceCertificate;

beforeEach(async () => {
  gateway = await createTestPlatform();
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

async function payloads(): Promise<Buffer[]> {
  return (await gateway.published(certificate)).map(({ payload }) => payload);
}

describe("coap-client of libcoap", () => {
  /** Posts, and answers what the client printed: the payload of a success, or the code of a refusal on standard error. */
  async function post(path: string, ...args: string[]): Promise<string> {
    const uri = `coap://127.0.0.1:${ports.port}/${path}`;
    const { stdout, stderr } = await run("coap-client-notls", ["-m", "post", "-B", "10", ...args, uri]);
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
