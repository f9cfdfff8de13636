import { aDevice, aProduct } from "@trine/testkit/ports";
import { startPostgres } from "@trine/testkit/servers";
import { describe, expect, it } from "vitest";
import { createSqlBatchStore, createSqlDeviceRegistry, migrate, openPostgres } from "../src/index.ts";
import { startStallingProxy } from "./stalling-proxy.ts";

const AT_MOST_MS = 2_500;

/** How long `call` took to fail. @throws when it did not fail. */
async function msToFail(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await expect(call()).rejects.toThrow();
  return performance.now() - start;
}

describe("an outage of Postgres", () => {
  it("is an error soon, never an answer, and heals by itself", async () => {
    // Durable: without, what was committed last may be lost when the server is killed.
    await using server = await startPostgres({ durable: true });
    const faults: unknown[] = [];
    const database = await openPostgres({ url: server.url, onFault: (error) => faults.push(error) });
    await migrate(database);
    const registry = createSqlDeviceRegistry(database);
    const product = aProduct();
    const device = aDevice(product.productKey);
    await registry.insertProduct(product);
    await registry.insertDevices(product.productKey, [device]);

    await server.kill();
    expect(await msToFail(() => registry.findCredentials(device.device))).toBeLessThan(AT_MOST_MS);
    expect(await msToFail(() => registry.insertDevices(product.productKey, [device]))).toBeLessThan(AT_MOST_MS);
    await server.restart();
    await expect
      .poll(() => registry.findCredentials(device.device).catch(() => undefined), { timeout: 5_000 })
      .toBeDefined();
    expect((await registry.findCredentials(device.device))?.iotId).toBe(device.iotId);
    await database.close();
  });

  it("is an error soon as well when the server hangs, for every one of many callers, inside transactions too", async () => {
    await using server = await startPostgres();
    await using proxy = await startStallingProxy(server);
    const url = new URL(server.url);
    url.port = String(proxy.port);
    const database = await openPostgres({ url: url.href, poolSize: 4, onFault: () => {} });
    await migrate(database);
    const registry = createSqlDeviceRegistry(database);
    const batches = createSqlBatchStore(database);
    const { device } = aDevice(aProduct().productKey);
    expect(await registry.findCredentials(device)).toBeUndefined();

    proxy.stall();
    const lookUps = Array.from({ length: 20 }, () => msToFail(() => registry.findCredentials(device)));
    const chunks = Array.from({ length: 5 }, () => msToFail(() => batches.commitChunk("b", "w", 1_000, [])));
    for (const ms of await Promise.all([...lookUps, ...chunks])) expect(ms).toBeLessThan(AT_MOST_MS);
    proxy.resume();
    await expect
      .poll(() => batches.commitChunk("b", "w", 1_000, []).catch((error: unknown) => error), { timeout: 5_000 })
      .toBe(false);
    expect(await registry.findCredentials(device)).toBeUndefined();
    await database.close();
  });

  it("at the start is an error that says why", async () => {
    const url = "postgres://postgres@127.0.0.1:1/postgres";
    await expect(openPostgres({ url, onFault: () => {} })).rejects.toThrow(/ECONNREFUSED/);
  });
});
