import type { UplinkLog } from "@trine/core/ports";
import { asc } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { uplinkMessages, uplinkUsage } from "../schema/messaging-tables.ts";

/** What the log holds. */
export async function usageOf({ db }: SqlDatabase): ReturnType<UplinkLog["usage"]> {
  const [usage] = await db.select({ bytes: uplinkUsage.bytes }).from(uplinkUsage);
  const [oldest] = await db
    .select({ receivedAtMs: uplinkMessages.receivedAtMs })
    .from(uplinkMessages)
    .orderBy(asc(uplinkMessages.position))
    .limit(1);
  return { bytes: usage?.bytes ?? 0, oldestAtMs: oldest?.receivedAtMs };
}
