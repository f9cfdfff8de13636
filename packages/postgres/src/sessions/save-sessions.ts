import type { SessionRecord } from "@trine/core/ports";
import { sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import type { Sql } from "../database/sql-database.ts";
import { sessions } from "../schema/session-tables.ts";

interface NewSession {
  readonly tokenHash: string;
  readonly record: SessionRecord;
  readonly maxPerDevice: number;
}

/** How long an expired session can still be told from one that never was. */
const KEPT_AFTER_EXPIRY_MS = 7 * 24 * 3_600_000;
const SWEEP_EVERY_MS = 60_000;
const SWEEP_AT_MOST = 1_000;

/** Writes sessions of many logins at once, and keeps the table in bounds. */
export function createSaveSessions(db: Sql) {
  let sweptAtMs = 0;
  return {
    async flush(added: readonly NewSession[]): Promise<readonly undefined[]> {
      await insertSessions(db, added);
      await dropOldest(db, added);
      const nowMs = Math.max(...added.map(({ record }) => record.createdAtMs));
      if (nowMs - sweptAtMs > SWEEP_EVERY_MS) {
        await sweep(db, nowMs - KEPT_AFTER_EXPIRY_MS);
        sweptAtMs = nowMs;
      }
      return added.map(() => undefined);
    },
  };
}

async function insertSessions(db: Sql, added: readonly NewSession[]): Promise<void> {
  // A statement may write a row once only.
  const byToken = new Map(added.map((session) => [session.tokenHash, session]));
  const rows = [...byToken.values()].map(({ tokenHash, record: { device, sealing, ...record } }) => ({
    tokenHash,
    ...device,
    ...record,
    sealing,
  }));
  const input = recordset(rows, {
    tokenHash: "text",
    sessionId: "text",
    productKey: "text",
    deviceName: "text",
    iotId: "text",
    secretVersion: "integer",
    policyVersion: "integer",
    x509: "jsonb",
    transport: "text",
    createdAtMs: "bigint",
    expiresAtMs: "bigint",
    sealing: "jsonb",
  });
  await db.execute(
    sql`insert into ${sessions} (token_hash, session_id, product_key, device_name, iot_id, secret_version,
        policy_version, x509, transport, created_at_ms, expires_at_ms, sealing)
      select "tokenHash", "sessionId", "productKey", "deviceName", "iotId", "secretVersion",
        "policyVersion", x509, transport, "createdAtMs", "expiresAtMs", sealing from ${input}
      on conflict (token_hash) do update set session_id = excluded.session_id, product_key = excluded.product_key,
        device_name = excluded.device_name, iot_id = excluded.iot_id, secret_version = excluded.secret_version,
        policy_version = excluded.policy_version, x509 = excluded.x509,
        transport = excluded.transport, created_at_ms = excluded.created_at_ms, expires_at_ms = excluded.expires_at_ms,
        sealing = excluded.sealing, highest_sequence = null, taken_sequences = '0',
        datagrams = null`,
  );
}

// A second statement, because the first does not see its own rows. Should the process end between them, the next login makes it good.
async function dropOldest(db: Sql, added: readonly NewSession[]): Promise<void> {
  const bounds = new Map(
    added.map(({ record: { device }, maxPerDevice }) => [
      `${device.productKey}/${device.deviceName}`,
      { ...device, maxPerDevice },
    ]),
  );
  const input = recordset([...bounds.values()], { productKey: "text", deviceName: "text", maxPerDevice: "integer" });
  await db.execute(
    sql`delete from ${sessions} where token_hash in (
      select token_hash from (
        select s.token_hash, input."maxPerDevice" as most,
          row_number() over (partition by s.product_key, s.device_name order by s.created_at_ms desc, s.ordinal desc) as rank
        from ${sessions} s join ${input} on s.product_key = input."productKey" and s.device_name = input."deviceName"
      ) as ranked where rank > most)`,
  );
}

async function sweep(db: Sql, expiredBeforeMs: number): Promise<void> {
  await db.execute(
    sql`delete from ${sessions} where token_hash in (
      select token_hash from ${sessions} where expires_at_ms < ${expiredBeforeMs} limit ${SWEEP_AT_MOST})`,
  );
}
