import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { Mailbox } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { toBase64 } from "../database/payload.ts";
import { recordset } from "../database/recordset.ts";
import { query, type Sql } from "../database/sql-database.ts";
import { mailboxMessages } from "../schema/messaging-tables.ts";

export interface PutRequest {
  readonly device: DeviceRef;
  readonly message: Parameters<Mailbox["put"]>[1];
  readonly limits: Parameters<Mailbox["put"]>[2];
}

export type PutOutcome = Awaited<ReturnType<Mailbox["put"]>>;

/** What a mailbox holds. */
interface Usage {
  messages: number;
  bytes: number;
}

/** Judges messages for many mailboxes in order, and writes those that fit. One call at a time: it reads, then writes. */
export async function putMessages(db: Sql, requests: readonly PutRequest[]): Promise<readonly PutOutcome[]> {
  const [usages, known] = [await loadUsages(db, requests), await loadKnownKeys(db, requests)];
  const stored: PutRequest[] = [];
  const outcomes = requests.map((request): PutOutcome => {
    const { device, message, limits } = request;
    const key = message.idempotencyKey === undefined ? undefined : keyOf(device, message.idempotencyKey);
    const existing = key === undefined ? undefined : known.get(key);
    if (existing !== undefined) return { outcome: "existing", messageId: existing };
    const usage = usages.get(deviceKey(device)) ?? { messages: 0, bytes: 0 };
    if (usage.messages + 1 > limits.maxMessages || usage.bytes + message.payload.length > limits.maxBytes)
      return { outcome: "full" };
    usages.set(deviceKey(device), { messages: usage.messages + 1, bytes: usage.bytes + message.payload.length });
    if (key !== undefined) known.set(key, message.messageId);
    stored.push(request);
    return { outcome: "stored", messageId: message.messageId };
  });
  if (stored.length > 0) await insertMessages(db, stored);
  return outcomes;
}

async function loadUsages(db: Sql, requests: readonly PutRequest[]): Promise<Map<string, Usage>> {
  const devices = new Map(
    requests.map(({ device, message }) => [deviceKey(device), { ...device, nowMs: message.createdAtMs }]),
  );
  const input = recordset([...devices.values()], { productKey: "text", deviceName: "text", nowMs: "bigint" });
  const rows = await query<{ product_key: string; device_name: string; messages: number; bytes: number }>(
    db,
    sql`select m.product_key, m.device_name, count(*)::integer as messages, sum(m.payload_bytes)::float8 as bytes
      from ${mailboxMessages} m join ${input} on m.product_key = input."productKey" and m.device_name = input."deviceName"
      where m.waiting and m.expires_at_ms > input."nowMs"
      group by m.product_key, m.device_name`,
  );
  return new Map(rows.map(({ product_key, device_name, ...usage }) => [`${product_key}/${device_name}`, usage]));
}

/** The first message of every idempotency key that was used before. */
async function loadKnownKeys(db: Sql, requests: readonly PutRequest[]): Promise<Map<string, string>> {
  const keys = requests.flatMap(({ device, message: { idempotencyKey } }) =>
    idempotencyKey === undefined ? [] : [{ ...device, idempotencyKey }],
  );
  if (keys.length === 0) return new Map();
  const input = recordset(keys, { productKey: "text", deviceName: "text", idempotencyKey: "text" });
  const rows = await query<{ key: string; message_id: string }>(
    db,
    sql`select m.product_key || '/' || m.device_name || '/' || m.idempotency_key as key, m.message_id
      from ${mailboxMessages} m join ${input} on m.product_key = input."productKey" and m.device_name = input."deviceName"
        and m.idempotency_key = input."idempotencyKey"`,
  );
  return new Map(rows.map(({ key, message_id }) => [key, message_id]));
}

function keyOf(device: DeviceRef, idempotencyKey: string): string {
  return `${deviceKey(device)}/${idempotencyKey}`;
}

async function insertMessages(db: Sql, stored: readonly PutRequest[]): Promise<void> {
  const rows = stored.map(({ device, message: { payload, ...message } }) => ({
    ...device,
    ...message,
    payload: toBase64(payload),
  }));
  const input = recordset(rows, {
    productKey: "text",
    deviceName: "text",
    messageId: "text",
    idempotencyKey: "text",
    topic: "text",
    payload: "text",
    qos: "smallint",
    createdAtMs: "bigint",
    expiresAtMs: "bigint",
    report: "boolean",
  });
  // The positions are given in the order of the input: nothing between it and the insert changes it.
  await db.execute(
    sql`insert into ${mailboxMessages} (product_key, device_name, message_id, idempotency_key, topic, payload, payload_bytes, qos,
        state, waiting, created_at_ms, expires_at_ms, changed_at_ms, ends_at_ms, report)
      select "productKey", "deviceName", "messageId", "idempotencyKey", topic, decode(payload, 'base64'),
        length(decode(payload, 'base64')), qos, 'queued', true, "createdAtMs", "expiresAtMs", "createdAtMs", "expiresAtMs",
        coalesce(report, false)
      from ${input}`,
  );
}
