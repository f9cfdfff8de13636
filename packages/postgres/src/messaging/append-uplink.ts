import type { UplinkMessage } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { toBase64 } from "../database/payload.ts";
import { recordset } from "../database/recordset.ts";
import { query, type Sql } from "../database/sql-database.ts";
import { uplinkMessages, uplinkUsage } from "../schema/messaging-tables.ts";

/** A message on its way into the log. */
export interface Appended {
  readonly message: UplinkMessage;
  readonly partition: number;
  /** The same messageId may come again. */
  readonly once: boolean;
}

/** About what a row takes beside its texts, so that a log of empty messages has bounds as well. */
const ROW_BYTES = 150;

/** What a message takes of the log's allowance. */
export function bytesOf({ payload, topic }: UplinkMessage): number {
  return payload.length + topic.length + ROW_BYTES;
}

/** Appends messages by one statement, in order. @returns the position of the first; the others follow without a gap. */
export async function appendUplink(db: Sql, appended: readonly Appended[]): Promise<number> {
  const rows = appended.map(({ message, partition }, offset) => ({
    ...message,
    payload: toBase64(message.payload),
    bytes: bytesOf(message),
    partition,
    offset,
  }));
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  const input = recordset(rows, {
    offset: "integer",
    partition: "smallint",
    messageId: "text",
    productKey: "text",
    deviceName: "text",
    topic: "text",
    payload: "text",
    bytes: "integer",
    qos: "smallint",
    transport: "text",
    receivedAtMs: "bigint",
  });
  const [usage] = await query<{ first: string | number }>(
    db,
    sql`with usage as (
        insert into ${uplinkUsage} as u (only_row, last_position, bytes) values (true, ${rows.length}::bigint, ${bytes}::bigint)
        on conflict (only_row) do update
          set last_position = u.last_position + excluded.last_position, bytes = u.bytes + excluded.bytes
        returning last_position - ${rows.length}::bigint + 1 as first
      ), added as (
        insert into ${uplinkMessages} (position, partition, message_id, product_key, device_name, topic, payload, bytes, qos,
          transport, received_at_ms)
        select usage.first + "offset", partition, "messageId", "productKey", "deviceName", topic, decode(payload, 'base64'), input.bytes,
          qos, transport, "receivedAtMs"
        from usage, ${input}
      )
      select first from usage`,
  );
  if (!usage) throw new Error("the log gave no position");
  return Number(usage.first);
}
