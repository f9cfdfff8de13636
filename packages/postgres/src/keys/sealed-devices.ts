import { deviceSecretContext, parseDeviceKey } from "@trine/core/certificate";
import type { SealedRow, SealedRows } from "@trine/core/ports";
import { asc, sql } from "drizzle-orm";
import { query, type SqlDatabase } from "../database/sql-database.ts";
import { unnested } from "../database/unnested.ts";
import { inDeviceOrder, retryDeadlock } from "../registry/write-devices.ts";
import { devices } from "../schema/registry-tables.ts";

const FIRST = "sealed_secret";
const SECOND = "next_sealed_secret";

/** Up to here rows are counted; of more, what the database knows about the size of the table is enough. */
const COUNTED = 1_000_000;

/** The first and second secrets of devices, in the order of their names. */
export function createSqlSealedDevices({ db }: SqlDatabase): SealedRows {
  const { productKey, deviceName, sealedSecret, secretVersion, nextSealedSecret, nextSecretVersion } = devices;
  return {
    place: "devices",
    async count() {
      const [row] = await query<{ counted: string; estimated: number }>(
        db,
        sql`select (select count(sealed_secret) + count(next_sealed_secret)
            from (select sealed_secret, next_sealed_secret from ${devices} limit ${COUNTED}) as first_ones) as counted,
          (select reltuples from pg_class where oid = 'devices'::regclass) as estimated`,
      );
      const counted = Number(row?.counted);
      return counted < COUNTED ? counted : Math.max(counted, Number(row?.estimated));
    },
    async list({ after, limit }) {
      const last = after === undefined ? undefined : parseDeviceKey(after);
      const rows = await db
        .select({ productKey, deviceName, sealedSecret, secretVersion, nextSealedSecret, nextSecretVersion })
        .from(devices)
        .where(last && sql`(${productKey}, ${deviceName}) > (${last.productKey}, ${last.deviceName})`)
        .orderBy(asc(productKey), asc(deviceName))
        .limit(limit);
      const end = rows.at(-1);
      return {
        rows: rows.flatMap(secretsOf),
        ...(end && rows.length === limit ? { next: `${end.productKey}/${end.deviceName}` } : {}),
      };
    },
    async replace(changes) {
      let replaced = 0;
      for (const column of [FIRST, SECOND]) {
        const rows = changes.flatMap(({ row, to }) => {
          const [name = "", of] = row.key.split(" ");
          const device = parseDeviceKey(name);
          return device && of === column ? [{ ...device, from: row.sealed, to }] : [];
        });
        if (rows.length > 0) replaced += await replaceIn(column, rows);
      }
      return replaced;
    },
  };

  async function replaceIn(column: string, rows: readonly Replacement[]): Promise<number> {
    const input = unnested(inDeviceOrder(rows), { productKey: "text", deviceName: "text", from: "text", to: "text" });
    const changed = await retryDeadlock(() =>
      query(
        db,
        sql`update ${devices} as d set ${sql.identifier(column)} = input."to" from ${input}
          where d.product_key = input."productKey" and d.device_name = input."deviceName"
            and d.${sql.identifier(column)} = input."from" returning 1`,
      ),
    );
    return changed.length;
  }
}

interface Replacement extends NonNullable<ReturnType<typeof parseDeviceKey>> {
  readonly from: string;
  readonly to: string;
}

type Row = Pick<
  typeof devices.$inferSelect,
  "productKey" | "deviceName" | "sealedSecret" | "secretVersion" | "nextSealedSecret" | "nextSecretVersion"
>;

function secretsOf({ sealedSecret, secretVersion, nextSealedSecret, nextSecretVersion, ...device }: Row): SealedRow[] {
  const row = (column: string, sealed: string | null, version: number | null): SealedRow[] =>
    sealed === null || version === null
      ? []
      : [
          {
            key: `${device.productKey}/${device.deviceName} ${column}`,
            sealed,
            context: deviceSecretContext(device, version),
          },
        ];
  return [...row(FIRST, sealedSecret, secretVersion), ...row(SECOND, nextSealedSecret, nextSecretVersion)];
}
