import type { DeviceRef } from "@trine/core/certificate";
import type { SqlDatabase } from "@trine/postgres";
import { and, eq } from "drizzle-orm";
import { foundLists } from "./tables.ts";

/** What a gateway found. */
export interface FoundList {
  readonly found: readonly DeviceRef[];
  readonly foundAtMs: number;
}

/** Keeps what gateways found last. Every method throws when the store cannot answer. */
export interface FoundStore {
  /** In the place of what the gateway found before. */
  put(gateway: DeviceRef, list: FoundList): Promise<void>;
  find(gateway: DeviceRef): Promise<FoundList | undefined>;
}

/** Found lists, in SQL. */
export function createSqlFoundStore({ db }: SqlDatabase): FoundStore {
  return {
    async put({ productKey, deviceName }, list) {
      await db
        .insert(foundLists)
        .values({ productKey, deviceName, ...list })
        .onConflictDoUpdate({ target: [foundLists.productKey, foundLists.deviceName], set: { ...list } });
    },
    async find({ productKey, deviceName }) {
      const [row] = await db
        .select({ found: foundLists.found, foundAtMs: foundLists.foundAtMs })
        .from(foundLists)
        .where(and(eq(foundLists.productKey, productKey), eq(foundLists.deviceName, deviceName)));
      return row && { ...row, found: row.found as readonly DeviceRef[] };
    },
  };
}
