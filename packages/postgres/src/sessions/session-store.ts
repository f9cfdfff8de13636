import type { SessionRecord, SessionStore } from "@trine/core/ports";
import { and, eq, lt, sql } from "drizzle-orm";
import { createGroupCommit } from "../database/group-commit.ts";
import { query, type SqlDatabase } from "../database/sql-database.ts";
import { sessions } from "../schema/session-tables.ts";
import { createSaveSessions } from "./save-sessions.ts";
import { type SequenceAnswer, type SequenceRequest, takeSequences } from "./take-sequences.ts";

/** Sessions in SQL, for a gateway that is one process: it alone takes sequence numbers. */
export function createSqlSessionStore(database: SqlDatabase): SessionStore {
  const { db } = database;
  const save = createGroupCommit(createSaveSessions(db));
  const take = createGroupCommit<SequenceRequest, SequenceAnswer>({ flush: (requests) => takeSequences(db, requests) });
  return {
    save: (tokenHash, record, maxPerDevice) => save({ tokenHash, record, maxPerDevice }),
    async find(tokenHash) {
      const [row] = await db.select().from(sessions).where(eq(sessions.tokenHash, tokenHash));
      return row && sessionRecord(row);
    },
    takeSequence: (tokenHash, seq, attempt) => take({ tokenHash, seq, attempt }),
    async revokeDevice({ productKey, deviceName }, { minSecretVersion } = {}) {
      const ofDevice = and(eq(sessions.productKey, productKey), eq(sessions.deviceName, deviceName));
      const older = minSecretVersion === undefined ? undefined : lt(sessions.secretVersion, minSecretVersion);
      const revoked = await query<{ alive: boolean }>(
        db,
        sql`delete from ${sessions}
          where ${and(ofDevice, older)}
          returning expires_at_ms > extract(epoch from clock_timestamp()) * 1000 as alive`,
      );
      return revoked.filter(({ alive }) => alive).length;
    },
  };
}

function sessionRecord(row: typeof sessions.$inferSelect): SessionRecord {
  const { sessionId, productKey, deviceName, iotId, secretVersion, policyVersion, x509 } = row;
  const { transport, createdAtMs, expiresAtMs, sealing } = row;
  return {
    sessionId,
    device: { productKey, deviceName },
    iotId,
    secretVersion,
    ...(policyVersion === null ? {} : { policyVersion }),
    ...(x509 === null ? {} : { x509 }),
    transport,
    createdAtMs,
    expiresAtMs,
    ...(sealing === null ? {} : { sealing }),
  };
}
