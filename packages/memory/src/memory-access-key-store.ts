import { accessKeyContext } from "@trine/core/certificate";
import { type AccessKeyRecord, type AccessKeyStore, InvalidCursorError, type SealedRows } from "@trine/core/ports";

/** Also knows what is sealed in it. */
export interface MemoryAccessKeyStore extends AccessKeyStore {
  readonly sealedRows: SealedRows;
}

/** Keeps access keys until the process ends. For tests. */
export function createMemoryAccessKeyStore(): MemoryAccessKeyStore {
  const keys = new Map<string, AccessKeyRecord>();
  const nonces = new Map<string, number>();
  return {
    sealedRows: sealedRowsOf(keys),
    async insert(key) {
      keys.set(key.accessKeyId, key);
    },
    find: async (accessKeyId) => keys.get(accessKeyId),
    async list({ limit, cursor }) {
      const after = cursor === undefined ? undefined : parseCursor(cursor);
      const newestFirst = [...keys.values()].toSorted((a, b) => byAge(b, a));
      const rest = newestFirst.filter((key) => after === undefined || byAge(key, after) < 0);
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      return {
        items,
        ...(last && rest.length > limit ? { nextCursor: `${last.createdAtMs}.${last.accessKeyId}` } : {}),
      };
    },
    async remove(accessKeyId) {
      const key = keys.get(accessKeyId);
      keys.delete(accessKeyId);
      return key;
    },
    async takeNonce(accessKeyId, nonce, { nowMs, endsAtMs }) {
      const key = `${accessKeyId} ${nonce}`;
      for (const [known, endedAtMs] of nonces) if (endedAtMs < nowMs) nonces.delete(known);
      if (nonces.has(key)) return false;
      nonces.set(key, endsAtMs);
      return true;
    },
    async noteUses(uses) {
      for (const { keyId, ...use } of uses) {
        const key = keys.get(keyId);
        if (key && use.atMs > (key.lastUsed?.atMs ?? 0)) keys.set(keyId, { ...key, lastUsed: use });
      }
    },
  };
}

function sealedRowsOf(keys: Map<string, AccessKeyRecord>): SealedRows {
  return {
    place: "access_keys",
    count: async () => keys.size,
    async list({ after = "", limit }) {
      const rest = [...keys.values()]
        .filter(({ accessKeyId }) => accessKeyId > after)
        .toSorted((a, b) => (a.accessKeyId < b.accessKeyId ? -1 : 1));
      const page = rest.slice(0, limit);
      const last = page.at(-1);
      return {
        rows: page.map(({ accessKeyId, sealedSecret }) => ({
          key: accessKeyId,
          sealed: sealedSecret,
          context: accessKeyContext(accessKeyId),
        })),
        ...(last && rest.length > limit ? { next: last.accessKeyId } : {}),
      };
    },
    async replace(changes) {
      let replaced = 0;
      for (const { row, to } of changes) {
        const key = keys.get(row.key);
        const { sealedSecret: sealed } = key ?? {};
        if (!key || sealed !== row.sealed) continue;
        keys.set(row.key, { ...key, sealedSecret: to });
        replaced += 1;
      }
      return replaced;
    },
  };
}

type Age = Pick<AccessKeyRecord, "createdAtMs" | "accessKeyId">;

function byAge(a: Age, b: Age): number {
  return a.createdAtMs - b.createdAtMs || (a.accessKeyId < b.accessKeyId ? -1 : Number(a.accessKeyId > b.accessKeyId));
}

function parseCursor(cursor: string): Age {
  const [, createdAtMs, accessKeyId = ""] = /^(\d{1,15})\.([A-Za-z0-9]{16,24})$/.exec(cursor) ?? [];
  if (createdAtMs === undefined) throw new InvalidCursorError();
  return { createdAtMs: Number(createdAtMs), accessKeyId };
}
