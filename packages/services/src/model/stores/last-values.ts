import type { DeviceRef } from "@trine/core/certificate";
import {
  createGroupCommit,
  FOREIGN_KEY_VIOLATION,
  retryDeadlock,
  type SqlDatabase,
  sqlState,
  unnested,
} from "@trine/postgres";
import { and, asc, eq, sql } from "drizzle-orm";
import type { ServiceMessage } from "../../contracts.ts";
import type { Posted } from "../posts/posted.ts";
import { modelValues } from "../tables.ts";

/** Whose values are kept, and when they came. */
export type Sender = Pick<ServiceMessage, "session" | "device" | "receivedAtMs">;

/** The last value of a property. */
export interface LastValue extends Posted {
  readonly receivedAtMs: number;
}

/** The last value of each property of a device, durable. Every method throws when the store cannot answer. */
export interface LastValues {
  /**
   * Keeps values of properties. One that is older than what is kept, by the device's time, changes nothing; nor does one of a device that was
   * deleted meanwhile, or made again under its name.
   */
  save(sender: Sender, values: readonly Posted[]): Promise<void>;
  /** In the order of identifiers. */
  list(device: DeviceRef): Promise<readonly LastValue[]>;
}

const MOST_ROWS = 5_000;

interface Row extends DeviceRef {
  readonly iotId: string;
  readonly identifier: string;
  readonly value: string;
  readonly atMs: number;
  readonly receivedAtMs: number;
}

/** Last values in SQL: what comes while one statement runs is written by the next, all of it. */
export function createSqlLastValues({ db }: SqlDatabase): LastValues {
  const write = createGroupCommit<readonly Row[], undefined>({
    weigh: (rows) => rows.length,
    maxWeight: MOST_ROWS,
    async flush(items) {
      const input = unnested(newestInOrder(items.flat()), {
        productKey: "text",
        deviceName: "text",
        iotId: "text",
        identifier: "text",
        value: "text",
        atMs: "bigint",
        receivedAtMs: "bigint",
      });
      await retryGone(() =>
        db.execute(
          sql`insert into ${modelValues} as v (product_key, device_name, identifier, value, at_ms, received_at_ms)
            select d.product_key, d.device_name, input.identifier, input.value, input."atMs", input."receivedAtMs"
            from ${input} join devices d
              on d.product_key = input."productKey" and d.device_name = input."deviceName" and d.iot_id = input."iotId"
            on conflict (product_key, device_name, identifier) do update
              set value = excluded.value, at_ms = excluded.at_ms, received_at_ms = excluded.received_at_ms
              where excluded.at_ms >= v.at_ms`,
        ),
      );
      return items.map(() => undefined);
    },
  });

  return {
    async save({ session: { iotId }, device: { productKey, deviceName }, receivedAtMs }, values) {
      if (values.length === 0) return;
      await write(
        values.map(({ identifier, value, atMs }) => ({
          productKey,
          deviceName,
          iotId,
          identifier,
          value: JSON.stringify(value),
          atMs,
          receivedAtMs,
        })),
      );
    },
    async list({ productKey, deviceName }) {
      const { identifier, value, atMs, receivedAtMs } = modelValues;
      const rows = await db
        .select({ identifier, value, atMs, receivedAtMs })
        .from(modelValues)
        .where(and(eq(modelValues.productKey, productKey), eq(modelValues.deviceName, deviceName)))
        .orderBy(asc(identifier));
      return rows.map((row) => ({ ...row, value: JSON.parse(row.value) as unknown }));
    },
  };
}

/** A device may be deleted between being found and being referred to; the second time it is not found. */
async function retryGone(write: () => Promise<unknown>): Promise<void> {
  try {
    await retryDeadlock(write);
  } catch (error) {
    if (sqlState(error) !== FOREIGN_KEY_VIOLATION) throw error;
    await retryDeadlock(write);
  }
}

/** A statement may touch a row once; and two that touch the same rows do it in the same order. */
function newestInOrder(rows: readonly Row[]): readonly Row[] {
  const newest = new Map<string, Row>();
  for (const row of rows) {
    const key = `${row.productKey} ${row.deviceName} ${row.identifier}`;
    const known = newest.get(key);
    if (!known || row.atMs >= known.atMs) newest.set(key, row);
  }
  return [...newest.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
