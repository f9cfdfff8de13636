import type { DeviceRef } from "@trine/core/certificate";
import { FOREIGN_KEY_VIOLATION, query, type SqlDatabase, sqlState, unnested } from "@trine/postgres";
import { and, eq, isNotNull, sql } from "drizzle-orm";
import { modelDesired } from "../tables.ts";

/** What a property is to come to. */
export interface Desired {
  readonly identifier: string;
  readonly value: unknown;
  /** Grows with every change of the property. */
  readonly version: number;
}

/** A change of a desired value. */
export interface DesiredChange {
  readonly identifier: string;
  /** `null`: there is to be none. */
  readonly value: unknown;
  /** Only if that is the version now; 0: there never was one. Absent: in any case. */
  readonly ifVersion?: number | undefined;
}

/** Desired values of devices, durable. Every method throws when the store cannot answer. */
export interface DesiredValues {
  /**
   * Makes all changes or none.
   *
   * @returns the new versions; the identifiers whose version is another; or `gone` when there is no such device.
   */
  change(
    device: DeviceRef,
    changes: readonly DesiredChange[],
    nowMs: number,
  ): Promise<
    { readonly versions: Readonly<Record<string, number>> } | { readonly outdated: readonly string[] } | "gone"
  >;
  /** Takes values away where the version is the given one, or none is given. The version of a property stays. */
  clear(device: DeviceRef, which: readonly Pick<DesiredChange, "identifier" | "ifVersion">[]): Promise<void>;
  list(device: DeviceRef): Promise<readonly Desired[]>;
}

/** Desired values in SQL. */
export function createSqlDesiredValues({ db, transaction }: SqlDatabase): DesiredValues {
  const ofDevice = ({ productKey, deviceName }: DeviceRef) =>
    and(eq(modelDesired.productKey, productKey), eq(modelDesired.deviceName, deviceName));

  return {
    async change(device, changes, nowMs) {
      const { productKey, deviceName } = device;
      try {
        return await transaction(async (tx) => {
          // A property that is set first by two at once has no row yet that one of them could lock.
          const lock = `model_desired/${productKey}/${deviceName}`;
          await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${lock}, 0))`);
          const { identifier, version } = modelDesired;
          const known = await tx.select({ identifier, version }).from(modelDesired).where(ofDevice(device));
          const versions = new Map(known.map((row) => [row.identifier, row.version]));
          const versionOf = (name: string) => versions.get(name) ?? 0;
          const outdated = changes.filter(
            (change) => change.ifVersion !== undefined && change.ifVersion !== versionOf(change.identifier),
          );
          if (outdated.length > 0) return { outdated: outdated.map((change) => change.identifier) };
          const rows = changes.map((change) => ({
            identifier: change.identifier,
            value: change.value === null ? null : JSON.stringify(change.value),
            version: versionOf(change.identifier) + 1,
          }));
          await tx.execute(
            sql`insert into ${modelDesired} (product_key, device_name, identifier, value, version, changed_at_ms)
              select ${productKey}, ${deviceName}, identifier, value, version, ${nowMs}::bigint
              from ${unnested(rows, { identifier: "text", value: "text", version: "bigint" })}
              on conflict (product_key, device_name, identifier) do update
                set value = excluded.value, version = excluded.version, changed_at_ms = excluded.changed_at_ms`,
          );
          return { versions: Object.fromEntries(rows.map((row) => [row.identifier, row.version])) };
        });
      } catch (error) {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return "gone";
        throw error;
      }
    },
    async clear({ productKey, deviceName }, which) {
      if (which.length === 0) return;
      const rows = which.map(({ identifier, ifVersion }) => ({ identifier, version: ifVersion }));
      await query(
        db,
        sql`update ${modelDesired} as d set value = null
          from ${unnested(rows, { identifier: "text", version: "bigint" })}
          where d.product_key = ${productKey} and d.device_name = ${deviceName} and d.identifier = input.identifier
            and (input.version is null or input.version = d.version)`,
      );
    },
    async list(device) {
      const { identifier, value, version } = modelDesired;
      const rows = await db
        .select({ identifier, value, version })
        .from(modelDesired)
        .where(and(ofDevice(device), isNotNull(value)))
        .orderBy(identifier);
      return rows.map((row) => ({ ...row, value: JSON.parse(row.value ?? "null") as unknown }));
    },
  };
}
