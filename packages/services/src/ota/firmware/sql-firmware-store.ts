import { query, type SqlDatabase, sqlState } from "@trine/postgres";
import { and, desc, eq, sql } from "drizzle-orm";
import { otaJobs, otaFirmware as table } from "../tables.ts";
import type { Firmware, FirmwareStore } from "./firmware-store.ts";

const UNNEEDED_AT_ONCE = 20;

const UNIQUE_VIOLATION = "23505";

/** Which firmware there is, in SQL. */
export function createSqlFirmwareStore({ db, transaction }: SqlDatabase): FirmwareStore {
  const select = () => db.select(COLUMNS).from(table);
  return {
    async announce(firmware) {
      await db.insert(table).values({ ...firmware, state: "coming" });
    },
    async keep(firmwareId, measured) {
      try {
        const [row] = await db
          .update(table)
          .set({ ...measured, state: "kept" })
          .where(and(eq(table.firmwareId, firmwareId), eq(table.state, "coming")))
          .returning(COLUMNS);
        return row ? (row as Firmware) : "taken";
      } catch (error) {
        if (sqlState(error) === UNIQUE_VIOLATION) return "taken";
        throw error;
      }
    },
    async find(firmwareId) {
      const [row] = await select().where(and(eq(table.firmwareId, firmwareId), eq(table.state, "kept")));
      return row && (row as Firmware);
    },
    async findVersion(productKey, module, version) {
      const isIt = and(eq(table.productKey, productKey), eq(table.module, module), eq(table.version, version));
      const [row] = await select().where(and(isIt, eq(table.state, "kept")));
      return row && (row as Firmware);
    },
    async list(productKey, { limit, before }) {
      const older =
        before === undefined
          ? undefined
          : sql`(${table.createdAtMs}, ${table.firmwareId}) < (select created_at_ms, firmware_id from ${table} where firmware_id = ${before})`;
      const rows = await select()
        .where(and(eq(table.productKey, productKey), eq(table.state, "kept"), older))
        .orderBy(desc(table.createdAtMs), desc(table.firmwareId))
        .limit(limit);
      return rows as Firmware[];
    },
    giveUp: (firmwareId) =>
      transaction(async (tx) => {
        // Locked first: a job that is made at this moment is either seen below, or finds nothing to bring.
        await tx.select({ one: sql`1` }).from(table).where(eq(table.firmwareId, firmwareId)).for("update");
        const given = await query(
          tx,
          sql`update ${table} set state = 'given_up' where firmware_id = ${firmwareId}
            and not exists (select from ${otaJobs} j where j.firmware_id = ${firmwareId} and j.state in ('running', 'paused'))
            returning 1`,
        );
        return given.length > 0 ? "given_up" : "in_use";
      }),
    async unneeded(sinceMs) {
      const rows = await query<{ firmware_id: string }>(
        db,
        sql`select firmware_id from ${table} f
          where state = 'given_up' or (state = 'coming' and created_at_ms < ${sinceMs})
            or not exists (select from products p where p.product_key = f.product_key)
          limit ${UNNEEDED_AT_ONCE}`,
      );
      return rows.map((row) => row.firmware_id);
    },
    async forget(firmwareId) {
      await db.delete(table).where(eq(table.firmwareId, firmwareId));
    },
  };
}

/** What is never null once a file is kept. */
const COLUMNS = {
  firmwareId: table.firmwareId,
  productKey: table.productKey,
  module: table.module,
  version: table.version,
  size: table.size,
  md5: table.md5,
  sha256: table.sha256,
  createdAtMs: table.createdAtMs,
};
