import type { DeviceRef } from "@trine/core/certificate";
import type { MailboxMessage } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import { query, type Sql } from "../database/sql-database.ts";
import { mailboxMessages as table } from "../schema/messaging-tables.ts";

/** What one device's connection asks for. */
export interface PendingRequest {
  readonly device: DeviceRef;
  readonly after: number;
  readonly limit: number;
  readonly nowMs: number;
}

type Row = {
  readonly request: number;
  readonly messageId: string;
  readonly position: string | number;
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly createdAtMs: string | number;
  readonly expiresAtMs: string | number;
};

/** What waits for many devices, in one statement: every login looks into its mailbox, and nearly all are empty. */
export async function findPending(
  db: Sql,
  requests: readonly PendingRequest[],
): Promise<readonly (readonly MailboxMessage[])[]> {
  const input = recordset(
    requests.map(({ device, ...rest }, request) => ({ request, ...device, ...rest })),
    { request: "integer", productKey: "text", deviceName: "text", after: "bigint", limit: "integer", nowMs: "bigint" },
  );
  const rows = await query<Row>(
    db,
    sql`select input.request, found.* from ${input} cross join lateral (
        select m.message_id as "messageId", m.position, m.topic, encode(m.payload, 'base64') as payload, m.qos,
            m.created_at_ms as "createdAtMs", m.expires_at_ms as "expiresAtMs"
          from ${table} m
          where m.product_key = input."productKey" and m.device_name = input."deviceName" and m.waiting
            and m.expires_at_ms > input."nowMs" and m.position > input.after
          order by m.position limit input."limit"
      ) as found
      order by input.request, found.position`,
  );
  const found: MailboxMessage[][] = requests.map(() => []);
  for (const { request, ...row } of rows) found[request]?.push(toMessage(row));
  return found;
}

function toMessage({ position, payload, createdAtMs, expiresAtMs, ...rest }: Omit<Row, "request">): MailboxMessage {
  return {
    ...rest,
    position: Number(position),
    payload: Buffer.from(payload, "base64"),
    createdAtMs: Number(createdAtMs),
    expiresAtMs: Number(expiresAtMs),
  };
}
