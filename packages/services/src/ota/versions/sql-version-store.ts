import { query, type Sql } from "@trine/postgres";
import { and, asc, eq, sql } from "drizzle-orm";
import { otaVersions } from "../tables.ts";
import type { VersionStore } from "./version-store.ts";

/** What devices run, in SQL. */
export function createSqlVersionStore(db: Sql): VersionStore {
  return {
    async note({ productKey, deviceName }, { module, version }, { nowMs, most }) {
      // Devices inform at every connect: what is known already writes nothing.
      const noted = await query(
        db,
        sql`with given (product_key, device_name, module, version, since_ms) as
            (values (${productKey}, ${deviceName}, ${module}, ${version}, ${nowMs}::bigint)),
          known as (
            select 1 from ${otaVersions} v join given using (product_key, device_name, module) where v.version = given.version
          ),
          written as (
            insert into ${otaVersions} (product_key, device_name, module, version, since_ms)
            select * from given
            where not exists (select from known) and (
              (select count(*) from ${otaVersions} v join given using (product_key, device_name)) < ${most}
              or exists (select from ${otaVersions} v join given using (product_key, device_name, module))
            )
            on conflict (product_key, device_name, module)
              do update set version = excluded.version, since_ms = excluded.since_ms
            returning 1
          )
        select 1 from known union all select 1 from written`,
      );
      return noted.length > 0 ? "noted" : "too_many";
    },
    list: ({ productKey, deviceName }) =>
      db
        .select({ module: otaVersions.module, version: otaVersions.version, sinceMs: otaVersions.sinceMs })
        .from(otaVersions)
        .where(and(eq(otaVersions.productKey, productKey), eq(otaVersions.deviceName, deviceName)))
        .orderBy(asc(otaVersions.module)),
  };
}
