import type { OperatorSessionStore } from "@trine/core/ports";
import { and, eq, lt, or } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { operatorSessions } from "../schema/access-tables.ts";

/** Sessions of operators, in SQL. */
export function createSqlOperatorSessionStore({ db }: SqlDatabase): OperatorSessionStore {
  return {
    async insert(session, { createdBeforeMs, seenBeforeMs }) {
      const { createdAtMs, seenAtMs } = operatorSessions;
      await db.delete(operatorSessions).where(or(lt(createdAtMs, createdBeforeMs), lt(seenAtMs, seenBeforeMs)));
      await db.insert(operatorSessions).values(session);
    },
    async find(tokenHash) {
      const [session] = await db.select().from(operatorSessions).where(eq(operatorSessions.tokenHash, tokenHash));
      return session;
    },
    async touch(tokenHash, seenAtMs) {
      await db
        .update(operatorSessions)
        .set({ seenAtMs })
        .where(and(eq(operatorSessions.tokenHash, tokenHash), lt(operatorSessions.seenAtMs, seenAtMs)));
    },
    async remove(tokenHash) {
      const removed = await db
        .delete(operatorSessions)
        .where(eq(operatorSessions.tokenHash, tokenHash))
        .returning({ tokenHash: operatorSessions.tokenHash });
      return removed.length > 0;
    },
    async removeOfKey(keyId) {
      const removed = await db
        .delete(operatorSessions)
        .where(eq(operatorSessions.keyId, keyId))
        .returning({ tokenHash: operatorSessions.tokenHash });
      return removed.length;
    },
  };
}
