import { deviceKey } from "@trine/core/certificate";
import { partitionOf } from "@trine/core/messaging";
import type { UplinkItem, UplinkLog, UplinkMessage } from "@trine/core/ports";
import { createGroupCommit } from "../database/group-commit.ts";
import type { Sql, SqlDatabase } from "../database/sql-database.ts";
import { acknowledgeUplink } from "./acknowledge-uplink.ts";
import { type Appended, appendUplink, bytesOf } from "./append-uplink.ts";
import { createArrivals } from "./arrivals.ts";
import { readUplink } from "./read-uplink.ts";
import { trimUplink } from "./trim-uplink.ts";
import { createUplinkGroups } from "./uplink-groups.ts";
import { formatUplinkId } from "./uplink-id.ts";
import { withoutKnown } from "./uplink-once.ts";
import { usageOf } from "./uplink-usage.ts";

// A commit of this size takes the embedded database tens of milliseconds, in which the process does nothing else.
const FLUSH_MESSAGES = 1_000;
const FLUSH_BYTES = 4_000_000;

/**
 * The uplink log in SQL.
 *
 * Reading, acknowledging and appending are safe with any number of processes; `waitForNew` and `follow` hear of what this object
 * appends only, so it serves a gateway that is one process.
 */
export function createSqlUplinkLog(database: SqlDatabase): UplinkLog {
  const arrivals = createArrivals<UplinkItem>();
  const commit = createGroupCommit<Appended, void>({
    maxItems: FLUSH_MESSAGES,
    maxWeight: FLUSH_BYTES,
    weigh: ({ message }) => bytesOf(message),
    async flush(appended) {
      arrivals.tell(await appendAll(database, appended));
      return appended.map(() => undefined);
    },
  });
  return {
    ...createUplinkGroups(database),
    append: (message: UplinkMessage, { once = false } = {}) =>
      commit({ message, partition: partitionOf(deviceKey(message)), once }),
    read: (group, request) => readUplink(database, group, request),
    acknowledge: (group, ids) => acknowledgeUplink(database, group, ids),
    waitForNew: (timeoutMs, signal) => arrivals.wait(timeoutMs, signal),
    follow: (signal) => arrivals.follow(signal),
    usage: () => usageOf(database),
    trim: (bounds) => trimUplink(database, bounds),
  };
}

/** Appends what is to be appended; what came before leaves no gap. @returns what was appended now. */
async function appendAll(database: SqlDatabase, appended: readonly Appended[]): Promise<UplinkItem[]> {
  if (!appended.some(({ once }) => once)) return append(database.db, appended);
  return database.transaction(async (tx) => append(tx, await withoutKnown(tx, appended)));
}

async function append(db: Sql, appended: readonly Appended[]): Promise<UplinkItem[]> {
  if (appended.length === 0) return [];
  const first = await appendUplink(db, appended);
  return appended.map(({ message, partition }, at) => ({ ...message, id: formatUplinkId(partition, first + at) }));
}
