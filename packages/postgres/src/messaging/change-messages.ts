import type { DeviceRef } from "@trine/core/certificate";
import { sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import { query, type Sql } from "../database/sql-database.ts";
import { mailboxMessages } from "../schema/messaging-tables.ts";

/** A message was written to its device. */
export interface Sent extends DeviceRef {
  readonly messageId: string;
  readonly atMs: number;
}

/** A device has a message. */
export type Acknowledgement = Sent;

const COLUMNS = { productKey: "text", deviceName: "text", messageId: "text", atMs: "bigint" } as const;

const sameMessage = sql`m.product_key = input."productKey" and m.device_name = input."deviceName" and m.message_id = input."messageId"`;

/** `queued -> sent`, for messages of many devices. */
export async function markSent(db: Sql, sent: readonly Sent[]): Promise<readonly undefined[]> {
  await db.execute(
    sql`update ${mailboxMessages} m set state = 'sent', changed_at_ms = input."atMs"
      from ${recordset(sent, COLUMNS)} where ${sameMessage} and m.waiting and m.state = 'queued'`,
  );
  return sent.map(() => undefined);
}

/** Removes waiting messages of many devices as delivered. @returns for each whether it waited; of equal ones, the first has it. */
export async function acknowledgeMessages(db: Sql, group: readonly Acknowledgement[]): Promise<readonly boolean[]> {
  const delivered = await query<{ key: string }>(
    db,
    sql`update ${mailboxMessages} m set state = 'delivered', waiting = false, payload = ''::bytea, changed_at_ms = input."atMs",
        ends_at_ms = input."atMs"
      from ${recordset(group, COLUMNS)} where ${sameMessage} and m.waiting and m.expires_at_ms > input."atMs"
      returning m.product_key || '/' || m.device_name || '/' || m.message_id as key`,
  );
  const keys = new Set(delivered.map(({ key }) => key));
  return group.map(({ productKey, deviceName, messageId }) => keys.delete(`${productKey}/${deviceName}/${messageId}`));
}
