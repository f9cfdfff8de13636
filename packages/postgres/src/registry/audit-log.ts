import type { AuditEntry, AuditLog } from "@trine/core/ports";
import { and, desc, eq, lt } from "drizzle-orm";
import { createCursors } from "../cursor.ts";
import { createGroupCommit } from "../database/group-commit.ts";
import type { SqlDatabase } from "../database/sql-database.ts";
import { audit } from "../schema/registry-tables.ts";

const cursors = createCursors("audit", (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined));

/** Who did what, in SQL. */
export function createSqlAuditLog({ db }: SqlDatabase): AuditLog {
  const record = createGroupCommit<AuditEntry, void>({
    async flush(entries) {
      await db.insert(audit).values([...entries]);
      return entries.map(() => undefined);
    },
  });
  return {
    record,
    async list({ action, target }, { limit, cursor }) {
      const before = cursors.read(cursor);
      const rows = await db
        .select()
        .from(audit)
        .where(
          and(
            before === undefined ? undefined : lt(audit.id, before),
            action === undefined ? undefined : eq(audit.action, action),
            target === undefined ? undefined : eq(audit.target, target),
          ),
        )
        .orderBy(desc(audit.id))
        .limit(limit + 1);
      return cursors.page(rows, limit, {
        key: (row) => String(row.id),
        item: (row): AuditEntry & { id: string } => ({ ...row, id: String(row.id) }),
      });
    },
  };
}
