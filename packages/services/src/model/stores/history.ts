import type { Page } from "@trine/core/ports";
import { createCursors, createGroupCommit, recordset, type SqlDatabase } from "@trine/postgres";
import { and, desc, eq, gt, gte, lt, type SQL, sql } from "drizzle-orm";
import type { Posted } from "../posts/posted.ts";
import { modelEvents, modelHistory } from "../tables.ts";
import type { LastValue, Sender } from "./last-values.ts";
import { createPartitions } from "./partitions.ts";

const DAY_MS = 86_400_000;
const MOST_ROWS = 2_000;

/** Which part of a history is wanted, newest first. */
export interface HistoryPage {
  /** By the device's time, in milliseconds: from here on. */
  readonly fromMs?: number | undefined;
  /** Before this. */
  readonly toMs?: number | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly nowMs: number;
}

/**
 * Earlier values and events of devices, by their iotId, each for as many days as the product said when it came. What comes twice within one
 * message's life may be there twice. Every method throws when the store cannot answer.
 */
export interface ModelHistory {
  addValues(sender: Sender, values: readonly Posted[], days: number): Promise<void>;
  addEvents(sender: Sender & { readonly messageId: string }, events: readonly Posted[], days: number): Promise<void>;
  /** @throws InvalidCursorError */
  values(iotId: string, identifier: string, page: HistoryPage): Promise<Page<LastValue>>;
  /** @param page.identifier absent: all events. @throws InvalidCursorError */
  events(iotId: string, page: HistoryPage & { readonly identifier?: string | undefined }): Promise<Page<LastValue>>;
  /** Drops what has ended, a day at a time. @returns how many days of how many tables. */
  drop(nowMs: number): Promise<number>;
}

const valueCursors = createCursors("model values", parseKey(2));
const eventCursors = createCursors("model events", parseKey(3));

/** History in SQL. */
export function createSqlHistory(database: SqlDatabase): ModelHistory {
  const { db } = database;
  const valueDays = createPartitions(database, "model_history");
  const eventDays = createPartitions(database, "model_events");

  const writeValues = createGroupCommit<readonly Row[], undefined>({
    weigh: (rows) => rows.length,
    maxWeight: MOST_ROWS,
    async flush(items) {
      const rows = items.flat();
      await valueDays.ensure(new Set(rows.map(({ expiresAtMs }) => expiresAtMs)));
      await db.execute(
        sql`insert into ${modelHistory} (iot_id, identifier, at_ms, expires_at_ms, received_at_ms, value)
          select "iotId", identifier, "atMs", "expiresAtMs", "receivedAtMs", value
          from ${recordset(rows, COLUMNS)} on conflict do nothing`,
      );
      return items.map(() => undefined);
    },
  });
  const writeEvents = createGroupCommit<readonly EventRow[], undefined>({
    weigh: (rows) => rows.length,
    maxWeight: MOST_ROWS,
    async flush(items) {
      const rows = items.flat();
      await eventDays.ensure(new Set(rows.map(({ expiresAtMs }) => expiresAtMs)));
      await db.execute(
        sql`insert into ${modelEvents} (iot_id, message_id, place, identifier, at_ms, expires_at_ms, received_at_ms, value)
          select "iotId", "messageId", place, identifier, "atMs", "expiresAtMs", "receivedAtMs", value
          from ${recordset(rows, { ...COLUMNS, messageId: "text", place: "integer" })} on conflict do nothing`,
      );
      return items.map(() => undefined);
    },
  });

  return {
    async addValues(sender, values, days) {
      await writeValues(values.map((value) => rowOf(sender, value, days)));
    },
    async addEvents(sender, events, days) {
      const { messageId } = sender;
      await writeEvents(events.map((event, place) => ({ ...rowOf(sender, event, days), messageId, place })));
    },
    async values(iotId, identifier, page) {
      const after = valueCursors.read(page.cursor);
      const { identifier: name, atMs, expiresAtMs, receivedAtMs, value } = modelHistory;
      const rows = await db
        .select({ identifier: name, atMs, expiresAtMs, receivedAtMs, value })
        .from(modelHistory)
        .where(
          and(
            eq(modelHistory.iotId, iotId),
            eq(name, identifier),
            within(modelHistory, page),
            after && sql`(${atMs}, ${expiresAtMs}) < (${after[0]}::bigint, ${after[1]}::bigint)`,
          ),
        )
        .orderBy(desc(atMs), desc(expiresAtMs))
        .limit(page.limit + 1);
      return valueCursors.page(rows, page.limit, { key: (row) => `${row.atMs} ${row.expiresAtMs}`, item: toItem });
    },
    async events(iotId, page) {
      const after = eventCursors.read(page.cursor);
      const { identifier, atMs, messageId, place, receivedAtMs, value } = modelEvents;
      const rows = await db
        .select({ identifier, atMs, messageId, place, receivedAtMs, value })
        .from(modelEvents)
        .where(
          and(
            eq(modelEvents.iotId, iotId),
            page.identifier === undefined ? undefined : eq(identifier, page.identifier),
            within(modelEvents, page),
            after &&
              sql`(${atMs}, ${messageId}, ${place}) < (${after[0]}::bigint, ${after[1]} collate "C", ${after[2]}::integer)`,
          ),
        )
        .orderBy(desc(atMs), desc(messageId), desc(place))
        .limit(page.limit + 1);
      const key = (row: (typeof rows)[number]) => `${row.atMs} ${row.messageId} ${row.place}`;
      return eventCursors.page(rows, page.limit, { key, item: toItem });
    },
    async drop(nowMs) {
      return (await valueDays.drop(nowMs)) + (await eventDays.drop(nowMs));
    },
  };
}

interface Row {
  readonly iotId: string;
  readonly identifier: string;
  readonly atMs: number;
  readonly expiresAtMs: number;
  readonly receivedAtMs: number;
  /** JSON. */
  readonly value: string;
}

interface EventRow extends Row {
  readonly messageId: string;
  readonly place: number;
}

const COLUMNS = {
  iotId: "text",
  identifier: "text",
  atMs: "bigint",
  expiresAtMs: "bigint",
  receivedAtMs: "bigint",
  value: "text",
} as const;

function rowOf({ session: { iotId }, receivedAtMs }: Sender, { identifier, atMs, value }: Posted, days: number): Row {
  const expiresAtMs = receivedAtMs + days * DAY_MS;
  return { iotId, identifier, atMs, receivedAtMs, expiresAtMs, value: JSON.stringify(value) };
}

function within(
  { atMs, expiresAtMs }: typeof modelHistory | typeof modelEvents,
  { fromMs, toMs, nowMs }: HistoryPage,
): SQL | undefined {
  return and(
    gt(expiresAtMs, nowMs),
    fromMs === undefined ? undefined : gte(atMs, fromMs),
    toMs === undefined ? undefined : lt(atMs, toMs),
  );
}

function toItem({ identifier, atMs, receivedAtMs, value }: Omit<Row, "iotId" | "expiresAtMs">): LastValue {
  return { identifier, atMs, receivedAtMs, value: JSON.parse(value) as unknown };
}

/** Numbers, all of them. */
function parseKey(parts: number) {
  return (text: string): readonly string[] | undefined => {
    const numbers = text.split(" ");
    return numbers.length === parts && numbers.every((part) => /^\d{1,20}$/.test(part)) ? numbers : undefined;
  };
}
