import { inArray, lt, sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import { query, type Sql } from "../database/sql-database.ts";
import { uplinkOnce } from "../schema/messaging-tables.ts";
import type { Appended } from "./append-uplink.ts";

// How long the id of a message that may come again is known, by the clock of the database.
const KNOWN_MS = 300_000;
const NOW_MS = sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
const FORGOTTEN = 1_000;

/**
 * Leaves out what was appended before, of the messages that may come again, and notes the others' ids. Of two writers with the same id
 * the later waits for the commit of the earlier.
 */
export async function withoutKnown(tx: Sql, appended: readonly Appended[]): Promise<readonly Appended[]> {
  const ids = new Set(appended.filter(({ once }) => once).map(({ message }) => message.messageId));
  // In order of the ids: two writers that wait for each other would otherwise never end.
  const rows = await query<{ messageId: string }>(
    tx,
    sql`insert into ${uplinkOnce} as known (message_id, came_at_ms)
      select "messageId", ${NOW_MS} from ${recordset(
        [...ids].map((messageId) => ({ messageId })),
        { messageId: "text" },
      )} order by "messageId"
      on conflict (message_id) do update set came_at_ms = excluded.came_at_ms
        where known.came_at_ms < excluded.came_at_ms - ${KNOWN_MS}
      returning message_id as "messageId"`,
  );
  const fresh = new Set(rows.map(({ messageId }) => messageId));
  // An id that is noted now lets one message through.
  return appended.filter(({ message, once }) => !once || fresh.delete(message.messageId));
}

/** Forgets ids that are old enough, a bounded number at a time. */
export async function forgetOldIds(db: Sql): Promise<void> {
  const old = db
    .select({ messageId: uplinkOnce.messageId })
    .from(uplinkOnce)
    .where(lt(uplinkOnce.cameAtMs, sql`${NOW_MS} - ${KNOWN_MS}`))
    .limit(FORGOTTEN);
  for (let forgotten = FORGOTTEN; forgotten === FORGOTTEN; ) {
    const deleted = await db
      .delete(uplinkOnce)
      .where(inArray(uplinkOnce.messageId, old))
      .returning({ messageId: uplinkOnce.messageId });
    forgotten = deleted.length;
  }
}
