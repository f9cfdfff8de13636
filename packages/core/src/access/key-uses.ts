import type { ApiKeyRecord, ApiKeyStore } from "../ports/api-key-store.ts";

/** A use that is younger than this is not worth a write. */
const COALESCED_MS = 60_000;

type Use = NonNullable<ApiKeyRecord["lastUsed"]>;

/** Notes when keys were last used, once a minute at most for each, and writes it behind. What waits is bounded by the number of keys. */
export function createKeyUses(store: Pick<ApiKeyStore, "noteUses">) {
  let waiting = new Map<string, Use>();
  return {
    note({ keyId, lastUsed }: { keyId: string; lastUsed?: Use | undefined }, use: Use): void {
      if (lastUsed === undefined || use.atMs - lastUsed.atMs >= COALESCED_MS) waiting.set(keyId, use);
    },
    /** @throws when the store cannot answer; the uses are lost then, and the next ones count. */
    async flush(): Promise<void> {
      if (waiting.size === 0) return;
      const uses = [...waiting].map(([keyId, use]) => ({ keyId, ...use }));
      waiting = new Map();
      await store.noteUses(uses);
    },
  };
}
