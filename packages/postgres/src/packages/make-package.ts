import type { HandOverPackage } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { batches } from "../schema/batch-tables.ts";
import { packageDevices, packages } from "../schema/package-tables.ts";
import { devices } from "../schema/registry-tables.ts";

// So many rows take a fraction of the time that one statement may take.
const CHUNK = 5_000;

/** Makes a package and fills it, in one transaction. @returns how many devices are in it; with 0 nothing was made. */
export function makePackage(database: SqlDatabase, handOver: HandOverPackage, count: number): Promise<number> {
  return database.transaction(async (tx) => {
    // One maker of packages of a batch at a time: what it finds free stays free until it has taken it.
    await tx.execute(sql`select from ${batches} where batch_id = ${handOver.batchId} for update`);
    await tx.insert(packages).values({ ...handOver, status: "handed_over" });
    let taken = 0;
    let last = "";
    while (taken < count) {
      const names = await takeDevices(tx, handOver, { after: last, limit: Math.min(CHUNK, count - taken) });
      taken += names.length;
      last = names.at(-1) ?? last;
      if (names.length < CHUNK) break;
    }
    if (taken === 0) await tx.execute(sql`delete from ${packages} where package_id = ${handOver.packageId}`);
    return taken;
  });
}

async function takeDevices(
  tx: Sql,
  { packageId, batchId, productKey }: HandOverPackage,
  { after, limit }: { after: string; limit: number },
): Promise<readonly string[]> {
  const rows = await query<{ device_name: string }>(
    tx,
    sql`with free as (
        select device_name from ${devices}
        where product_key = ${productKey} and batch_id = ${batchId} and device_name > ${after} and not exists (
          select from ${packageDevices}
          where package_devices.product_key = devices.product_key and package_devices.device_name = devices.device_name
        )
        order by device_name limit ${limit}
      )
      insert into ${packageDevices} (product_key, device_name, package_id)
      select ${productKey}, device_name, ${packageId} from free
      returning device_name`,
  );
  return rows.map(({ device_name }) => device_name).toSorted(byBytes);
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
