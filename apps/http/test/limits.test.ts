import type { RunningAdapter } from "@trine/core/platform";
import { signHttpLogin } from "@trine/device";
import { createTestPlatform, type TestPlatform, type TestPlatformOptions } from "@trine/testkit/conformance";
import { afterEach, expect, it } from "vitest";
import { httpSettings, startHttp } from "../src/index.ts";
import { anIngress, PROXY } from "./an-ingress.ts";
import { open, post } from "./raw-exchange.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

let gateway: TestPlatform;
let adapter: RunningAdapter;

afterEach(async () => {
  await adapter.stop();
  await gateway.stop();
});

/** Starts the adapter over the whole core. */
async function start(settings: NonNullable<TestPlatformOptions["settings"]>): Promise<void> {
  gateway = await createTestPlatform({ settings });
  const free = { TRINE_DEVICE_HOST: "127.0.0.1", TRINE_HTTP_PORT: "0", TRINE_HTTPS_PORT: "off" };
  adapter = await startHttp(gateway.platform, httpSettings.parse(free), anIngress());
}

/** Sends one request, from an address of the loopback. @returns the answer, whole. */
function send(request: Buffer, from = "127.0.0.1"): Promise<string> {
  return new Promise((done) => {
    const socket = open(adapter.ports["TRINE_HTTP_PORT"] ?? 0, "HTTP", from);
    socket.once("data", (bytes) => {
      socket.destroy();
      done(bytes.toString());
    });
    socket.write(request);
  });
}

const signed = async (secret?: string) => {
  const { deviceSecret, ...device } = await gateway.addDevice();
  return signHttpLogin({ ...device, deviceSecret: secret ?? deviceSecret.reveal() });
};

it("a login that the process cannot take now is answered 503, with the time to come again", async () => {
  await start({ loginsPerSecond: 1, loginBurst: 1 });
  const login = post("/auth", JSON_TYPE, await signed());
  expect(await send(login)).toContain('"code":0');
  const busy = await send(login);
  expect(busy).toMatch(/^HTTP\/1.1 503 /);
  expect(Number(/^Retry-After: (\d+)\r$/m.exec(busy)?.[1])).toBeGreaterThanOrEqual(1);
  expect(busy).toContain('"code":10000');
});

it("a message over its rate is answered 40000 and is not stored, and the ones before it are", async () => {
  await start({ deviceQos1PerSecond: 2 });
  const { deviceSecret, ...device } = await gateway.addDevice();
  const login = signHttpLogin({ ...device, deviceSecret: deviceSecret.reveal() });
  const token = /"token":"([^"]+)"/.exec(await send(post("/auth", JSON_TYPE, login)))?.[1] ?? "";
  const headers = { password: token, "Content-Type": "application/octet-stream" };
  const publish = post(`/topic/${device.productKey}/${device.deviceName}/user/update`, headers, "21");
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < 3; i += 1) codes.push(/"code":(\d+)/.exec(await send(publish))?.[1]);
  expect(codes).toEqual(["0", "0", "40000"]);
  expect(await gateway.published(device)).toHaveLength(2);
});

it("wrong MACs count for the device's own address: that behind a trusted proxy, and nobody else's word", async () => {
  await start({ failuresPerPeer: 3 });
  const wrong = await signed("0".repeat(32));
  const guess = (from: string, forwarded: string) =>
    send(post("/auth", { ...JSON_TYPE, "X-Forwarded-For": forwarded }, wrong), from);
  for (let i = 0; i < 5; i += 1) await guess(PROXY, "203.0.113.7");
  expect(await guess(PROXY, "203.0.113.7")).toContain('"code":40000');
  expect(await guess(PROXY, "203.0.113.8")).toContain('"code":20000');
  for (let i = 0; i < 5; i += 1) await guess("127.0.0.3", `203.0.113.${100 + i}`);
  expect(await guess("127.0.0.3", "203.0.113.200")).toContain('"code":40000');
});
