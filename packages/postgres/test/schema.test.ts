import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createVault, Secret } from "@trine/core/certificate";
import { aDevice, aProduct, aSession, aTokenHash, randomName } from "@trine/testkit/ports";
import { createTestDatabase } from "@trine/testkit/servers";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { query } from "../src/database/sql-database.ts";
import {
  createSqlBatchStore,
  createSqlDeviceRegistry,
  createSqlSessionStore,
  migrate,
  openPostgres,
  type SqlDatabase,
} from "../src/index.ts";
import * as accessTables from "../src/schema/access-tables.ts";
import * as batchTables from "../src/schema/batch-tables.ts";
import * as keyTables from "../src/schema/key-tables.ts";
import * as messagingTables from "../src/schema/messaging-tables.ts";
import * as packageTables from "../src/schema/package-tables.ts";
import * as registrationTables from "../src/schema/registration-tables.ts";
import * as registryTables from "../src/schema/registry-tables.ts";
import * as sessionTables from "../src/schema/session-tables.ts";
import * as x509Tables from "../src/schema/x509-tables.ts";

let database: SqlDatabase;

beforeAll(async () => {
  database = await openPostgres({ url: await createTestDatabase(), onFault: () => {} });
  await migrate(database);
});

afterAll(() => database.close());

describe("the tables", () => {
  it("are what the migrations make", async () => {
    const folder = new URL("../migrations/meta/", import.meta.url);
    const journal: { entries: { idx: number }[] } = JSON.parse(readFileSync(new URL("_journal.json", folder), "utf8"));
    const last = String(journal.entries.at(-1)?.idx ?? 0).padStart(4, "0");
    const before = JSON.parse(readFileSync(new URL(`${last}_snapshot.json`, folder), "utf8"));
    const tables = {
      ...accessTables,
      ...batchTables,
      ...keyTables,
      ...messagingTables,
      ...packageTables,
      ...registrationTables,
      ...registryTables,
      ...sessionTables,
      ...x509Tables,
    };
    expect(await generateMigration(before, generateDrizzleJson(tables))).toEqual([]);
  });

  it("hold no secret in clear", async () => {
    const secrets = Array.from({ length: 3 }, () => randomBytes(16).toString("hex"));
    const vault = createVault([randomBytes(32)], { bytes: randomBytes });
    const [ofProduct = "", ofDevice = "", ofBatch = ""] = secrets;
    const seal = (secret: string) => vault.seal(new Secret(secret), "context");
    const registry = createSqlDeviceRegistry(database);
    const product = aProduct({ sealedSecret: seal(ofProduct) });
    await registry.insertProduct(product);
    await registry.insertDevices(product.productKey, [aDevice(product.productKey, { sealedSecret: seal(ofDevice) })]);
    const batches = createSqlBatchStore(database);
    await batches.create({
      batchId: "batch",
      productKey: product.productKey,
      lines: [{ line: 1 }],
      errors: [],
      fingerprint: "f",
      createdAtMs: 1,
    });
    await batches.claim("worker", 60_000, 1);
    const registered = { ...aDevice(product.productKey, { sealedSecret: seal(ofBatch) }), line: 1 };
    await batches.commitChunk("batch", "worker", 60_000, [registered]);
    await createSqlSessionStore(database).save(aTokenHash(), aSession(), 5);

    const everything = await everyRow();
    expect(everything).toContain(registered.iotId);
    for (const secret of secrets) expect(everything).not.toContain(secret);
  });

  it("find a name prefix, and the page after a cursor, by a range of the index", async () => {
    const registry = createSqlDeviceRegistry(database);
    const product = aProduct();
    await registry.insertProduct(product);
    const devices = Array.from({ length: 3_000 }, () =>
      aDevice(product.productKey, { deviceName: `d${randomName(9)}` }),
    );
    await registry.insertDevices(product.productKey, devices);
    await database.db.execute(sql`analyze devices`);
    const plan = await query<{ "QUERY PLAN": string }>(
      database.db,
      sql`explain select iot_id from devices where product_key = ${product.productKey}
        and device_name >= ${"dA"} and device_name < ${"dA~"} order by device_name limit 10`,
    );
    const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
    expect(text).toMatch(/Index Scan using devices_product_key_device_name_pk/);
    expect(text).not.toMatch(/Sort/);
  });
});

async function everyRow(): Promise<string> {
  const tables = await query<{ name: string }>(
    database.db,
    sql`select table_name as name from information_schema.tables where table_schema = 'public'`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) => query(database.db, sql`select t::text from ${sql.identifier(name)} t`)),
  );
  return JSON.stringify(rows);
}
