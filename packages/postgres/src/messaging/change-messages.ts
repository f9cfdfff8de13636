import type { DeviceRef } from "@trine/core/certificate";
import { sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import { query, type Sql } from "../database/sql-database.ts";
import { mailboxMessages } from "../schema/messaging-tables.ts";

/** A device has a message. */
export interface Acknowledgement extends DeviceRef {
  readonly messageId: string;
  readonly atMs: number;
}

/** A message goes out to its device. */
export type Sent = Acknowledgement;

const COLUMNS = { productKey: "text", deviceName: "text", messageId: "text", atMs: "bigint" } as const;

const sameMessage = sql`m.product_key = input."productKey" and m.device_name = input."deviceName" and m.message_id = input."messageId"`;

const messageKey = sql`m.product_key || '/' || m.device_name || '/' || m.message_id`;

/** `queued -> sent`, for messages of many devices. @returns for each when it expires, if it waits. */
export async function markSent(db: Sql, sent: readonly Sent[]): Promise<readonly (number | undefined)[]> {
  const waiting = await query<{ key: string; expiresAtMs: string | number }>(
    db,
    sql`update ${mailboxMessages} m set state = 'sent',
        changed_at_ms = case when m.state = 'queued' then input."atMs" else m.changed_at_ms end
      from ${recordset(sent, COLUMNS)} where ${sameMessage} and m.waiting and m.expires_at_ms > input."atMs"
      returning ${messageKey} as key, m.expires_at_ms as "expiresAtMs"`,
  );
  const ends = new Map(waiting.map(({ key, expiresAtMs }) => [key, Number(expiresAtMs)]));
  return sent.map((each) => ends.get(keyOf(each)));
}

/** Removes waiting messages of many devices as delivered. @returns for each whether it waited; of equal ones, the first has it. */
export async function acknowledgeMessages(db: Sql, group: readonly Acknowledgement[]): Promise<readonly boolean[]> {
  const delivered = await query<{ key: string }>(
    db,
    sql`update ${mailboxMessages} m set state = 'delivered', waiting = false, payload = ''::bytea, changed_at_ms = input."atMs",
        ends_at_ms = input."atMs"
      from ${recordset(group, COLUMNS)} where ${sameMessage} and m.waiting and m.expires_at_ms > input."atMs"
      returning ${messageKey} as key`,
  );
  const keys = new Set(delivered.map(({ key }) => key));
  return group.map((each) => keys.delete(keyOf(each)));
}

function keyOf({ productKey, deviceName, messageId }: Acknowledgement): string {
  return `${productKey}/${deviceName}/${messageId}`;
}
