import { settleMessages } from "@trine/core/messaging";
import type { SqlDatabase } from "../database/sql-database.ts";
import { loadCursors, saveCursors } from "./cursor-rows.ts";
import { parseUplinkId } from "./uplink-id.ts";

/** Acknowledges messages of a group. @returns how many of them it had not acknowledged. */
export async function acknowledgeUplink(database: SqlDatabase, group: string, ids: readonly string[]): Promise<number> {
  const positions = new Map<number, Set<number>>();
  for (const place of ids.map(parseUplinkId)) {
    if (!place) continue;
    const known = positions.get(place.partition);
    if (known) known.add(place.position);
    else positions.set(place.partition, new Set([place.position]));
  }
  if (positions.size === 0) return 0;
  return database.transaction(async (tx) => {
    const cursors = await loadCursors(tx, group, [...positions.keys()]);
    const results = [...cursors.values()].map((cursor) =>
      settleMessages(cursor, positions.get(cursor.partition) ?? new Set()),
    );
    const changed = results.filter(({ settled }) => settled > 0);
    await saveCursors(
      tx,
      group,
      changed.map(({ cursor }) => cursor),
    );
    return changed.reduce((sum, { settled }) => sum + settled, 0);
  });
}
