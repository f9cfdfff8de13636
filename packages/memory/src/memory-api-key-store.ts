import { type ApiKeyRecord, type ApiKeyStore, InvalidCursorError } from "@trine/core/ports";

/** Keeps keys of operators until the process ends. For tests. */
export function createMemoryApiKeyStore(): ApiKeyStore {
  const keys = new Map<string, ApiKeyRecord>();
  const newestFirst = () => [...keys.values()].toSorted((a, b) => byAge(b, a));
  return {
    async insert(key) {
      keys.set(key.keyId, key);
    },
    find: async (keyId) => keys.get(keyId),
    async list({ limit, cursor }) {
      const after = cursor === undefined ? undefined : parseCursor(cursor);
      const rest = newestFirst().filter((key) => after === undefined || byAge(key, after) < 0);
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(last && rest.length > limit ? { nextCursor: `${last.createdAtMs}.${last.keyId}` } : {}) };
    },
    async rotate(keyId, { digest, previousEndsAtMs }) {
      const key = keys.get(keyId);
      if (!key) return undefined;
      const { previous: _, ...rest } = key;
      const previous =
        previousEndsAtMs === undefined ? {} : { previous: { digest: key.digest, endsAtMs: previousEndsAtMs } };
      const rotated = { ...rest, digest, ...previous };
      keys.set(keyId, rotated);
      return rotated;
    },
    async remove(keyId) {
      const key = keys.get(keyId);
      keys.delete(keyId);
      return key;
    },
    async noteUses(uses) {
      for (const { keyId, ...use } of uses) {
        const key = keys.get(keyId);
        if (key && use.atMs > (key.lastUsed?.atMs ?? 0)) keys.set(keyId, { ...key, lastUsed: use });
      }
    },
  };
}

type Age = Pick<ApiKeyRecord, "createdAtMs" | "keyId">;

function byAge(a: Age, b: Age): number {
  return a.createdAtMs - b.createdAtMs || (a.keyId < b.keyId ? -1 : Number(a.keyId > b.keyId));
}

function parseCursor(cursor: string): Age {
  const [, createdAtMs, keyId = ""] = /^(\d{1,15})\.([0-9a-f]{18})$/.exec(cursor) ?? [];
  if (createdAtMs === undefined) throw new InvalidCursorError();
  return { createdAtMs: Number(createdAtMs), keyId };
}
