import { type DeviceName, parseDeviceName } from "@trine/core/certificate";
import type { RegistrationName, RegistrationNames } from "@trine/core/ports";
import { and, asc, desc, eq, inArray, or, sql } from "drizzle-orm";
import { createCursors } from "../cursor.ts";
import { recordset } from "../database/recordset.ts";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { FOREIGN_KEY_VIOLATION, sqlState } from "../database/sql-fault.ts";
import { registrationNames as table } from "../schema/registration-tables.ts";

const CHUNK = 10_000;

const cursors = createCursors("registration", parseKey);

/** Lists of names in SQL. */
export function createSqlRegistrationNames({ db, transaction }: SqlDatabase): RegistrationNames {
  return {
    async replace(productKey, { names, prefixes }) {
      const rows = [
        ...names.map((name) => ({ name, isPrefix: false })),
        ...prefixes.map((name) => ({ name, isPrefix: true })),
      ];
      try {
        await transaction(async (tx) => {
          // Two lists that are put at once must not become one of both.
          await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`registration/${productKey}`}, 0))`);
          await tx.delete(table).where(eq(table.productKey, productKey));
          for (let at = 0; at < rows.length; at += CHUNK) await insert(tx, productKey, rows.slice(at, at + CHUNK));
        });
        return true;
      } catch (error) {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return false;
        throw error;
      }
    },
    async remove(productKey) {
      const removed = await db.delete(table).where(eq(table.productKey, productKey)).returning({ name: table.name });
      return removed.length > 0;
    },
    async admits({ productKey, deviceName }) {
      const ofProduct = eq(table.productKey, productKey);
      const exact = and(eq(table.isPrefix, false), eq(table.name, deviceName));
      const beginning = and(eq(table.isPrefix, true), inArray(table.name, beginningsOf(deviceName)));
      const [answer] = await query<{ admits: boolean }>(
        db,
        sql`select not exists (select from ${table} where ${ofProduct})
          or exists (select from ${table} where ${and(ofProduct, or(exact, beginning))}) as admits`,
      );
      return answer?.admits === true;
    },
    async list(productKey, { limit, cursor }) {
      const after = cursors.read(cursor);
      const isLater =
        after && sql`(${table.name}, not ${table.isPrefix}) > (${after.name} collate "C", ${!after.isPrefix}::boolean)`;
      const rows = await db
        .select({ name: table.name, isPrefix: table.isPrefix })
        .from(table)
        .where(and(eq(table.productKey, productKey), isLater))
        .orderBy(asc(table.name), desc(table.isPrefix))
        .limit(limit + 1);
      return cursors.page(rows, limit, { key: keyOf, item: (row) => row });
    },
  };
}

async function insert(tx: Sql, productKey: string, rows: readonly RegistrationName[]): Promise<void> {
  await tx.execute(
    sql`insert into ${table} (product_key, name, is_prefix)
      select ${productKey}, name, "isPrefix" from ${recordset(rows, { name: "text", isPrefix: "boolean" })}`,
  );
}

function beginningsOf(name: DeviceName): string[] {
  return Array.from(name, (_, at) => name.slice(0, at + 1));
}

function keyOf({ name, isPrefix }: RegistrationName): string {
  return `${isPrefix ? "prefix" : "name"} ${name}`;
}

function parseKey(key: string): RegistrationName | undefined {
  const [kind, name = "", more] = key.split(" ");
  if (more !== undefined || (kind !== "prefix" && kind !== "name")) return undefined;
  if (kind === "name" && !parseDeviceName(name)) return undefined;
  return { name, isPrefix: kind === "prefix" };
}
