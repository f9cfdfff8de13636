import type { NewDevice, TimelineEvent } from "@trine/core/ports";
import { aDevice, aProduct, upTo } from "@trine/testkit/ports";
import { createTestDatabase } from "@trine/testkit/servers";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { query } from "../src/database/sql-database.ts";
import { createSqlDeviceRegistry, createSqlTimeline, migrate, openPostgres, type SqlDatabase } from "../src/index.ts";

const SHOWN = 20;

let database: SqlDatabase;

beforeAll(async () => {
  database = await openPostgres({ url: await createTestDatabase(), onFault: () => {} });
  await migrate(database);
});

afterAll(() => database.close());

describe("what a timeline takes in the database", () => {
  it("stays near what it shows, however much happens to a device", async () => {
    const device = await addDevice();
    const timeline = createSqlTimeline(database, { maxPerDevice: SHOWN });
    for (const round of upTo(50)) await timeline.append(upTo(100).map((n) => anEvent(device, round * 100 + n)));
    // Its surplus goes at every 64th event on average: ten times as many in between would be a miracle.
    expect(await rowsOf(device)).toBeLessThan(SHOWN + 640);
  });

  it("goes with the device", async () => {
    const device = await addDevice();
    await createSqlTimeline(database, { maxPerDevice: SHOWN }).append(upTo(10).map((n) => anEvent(device, n)));
    expect(await rowsOf(device)).toBe(10);
    await createSqlDeviceRegistry(database).deleteDevice(device.device);
    expect(await rowsOf(device)).toBe(0);
  });
});

async function addDevice(): Promise<NewDevice> {
  const registry = createSqlDeviceRegistry(database);
  const product = aProduct();
  await registry.insertProduct(product);
  const device = aDevice(product.productKey);
  await registry.insertDevices(product.productKey, [device]);
  return device;
}

function anEvent({ device, iotId }: NewDevice, atMs: number): TimelineEvent {
  return { device, iotId, kind: "online", atMs, detail: {} };
}

async function rowsOf({ iotId }: NewDevice): Promise<number> {
  const [row] = await query<{ count: string }>(
    database.db,
    sql`select count(*) as count from timeline where iot_id = ${iotId}`,
  );
  return Number(row?.count);
}
