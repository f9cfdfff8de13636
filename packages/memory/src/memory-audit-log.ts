import { type AuditEntry, type AuditLog, InvalidCursorError } from "@trine/core/ports";

/** Keeps who did what until the process ends. For tests. */
export function createMemoryAuditLog(): AuditLog {
  const entries: (AuditEntry & { id: string })[] = [];
  return {
    async record(entry) {
      entries.push({ ...entry, id: String(entries.length + 1) });
    },
    async list({ action, target }, { limit, cursor }) {
      const end = cursor === undefined ? entries.length : parsePosition(cursor, entries.length);
      const items: (AuditEntry & { id: string })[] = [];
      let position = end;
      for (; position > 0 && items.length < limit; position -= 1) {
        const entry = entries[position - 1];
        if (!entry || (action ?? entry.action) !== entry.action || (target ?? entry.target) !== entry.target) continue;
        items.push(entry);
      }
      return { items, ...(position > 0 ? { nextCursor: String(position) } : {}) };
    },
  };
}

function parsePosition(cursor: string, end: number): number {
  const position = /^\d{1,9}$/.test(cursor) ? Number(cursor) : Number.NaN;
  if (position > end || Number.isNaN(position)) throw new InvalidCursorError();
  return position;
}
