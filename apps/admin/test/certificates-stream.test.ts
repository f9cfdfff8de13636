import { get, type IncomingMessage } from "node:http";
import { Secret } from "@trine/core/certificate";
import type { DeviceCertificate } from "@trine/core/registry";
import { expect, it } from "vitest";
import { KEY, openAdmin, type TestAdmin } from "./an-admin.ts";

const MANY = 1_000_000;

it("certificates are read no faster than their client takes them, and no further than it wants", async () => {
  await using admin = await openAdmin();
  const { productKey, deviceName } = await admin.gateway.addDevice();
  const deviceSecret = new Secret("s".repeat(32));
  let read = 0;
  let ended = () => {};
  const over = new Promise<void>((resolve) => {
    ended = resolve;
  });
  async function* endless(): AsyncGenerator<DeviceCertificate> {
    try {
      for (; read < MANY; read += 1) yield { productKey, deviceName, deviceSecret };
    } finally {
      ended();
    }
  }
  admin.gateway.operators.batches.certificates = async () => endless();
  const response = await open(admin, "/v1/batches/b1/certificates.csv");
  // What fits into the buffers is read, and then it waits for the client.
  const settled = await settle(() => read);
  expect(settled).toBeGreaterThan(0);
  expect(settled).toBeLessThan(MANY / 2);
  response.destroy();
  await over;
  expect(read).toBeLessThan(MANY / 2);
});

it("certificates whose store fails on the way end in a broken answer, never in one that looks whole", async () => {
  await using admin = await openAdmin();
  const certificate = await admin.gateway.addDevice();
  async function* failing(): AsyncGenerator<DeviceCertificate> {
    for (let count = 0; count < 2_000; count += 1) yield certificate;
    throw new Error("the store is down");
  }
  admin.gateway.operators.batches.certificates = async () => failing();
  const response = await open(admin, "/v1/batches/b1/certificates.csv");
  response.resume();
  await expect(new Promise((resolve, reject) => response.once("end", resolve).once("error", reject))).rejects.toThrow(
    "aborted",
  );
});

async function open(admin: TestAdmin, path: string): Promise<IncomingMessage> {
  const url = new URL(path, await admin.app.listen({ port: 0, host: "127.0.0.1" }));
  return new Promise((resolve, reject) => {
    get(url, { headers: { authorization: `Bearer ${KEY}` } }, resolve).once("error", reject);
  });
}

/** The value once it did not change for ten turns of the event loop in a row with a pause each. */
async function settle(value: () => number): Promise<number> {
  let same = 0;
  for (let last = -1; same < 10; last = value()) {
    same = last === value() ? same + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return value();
}
