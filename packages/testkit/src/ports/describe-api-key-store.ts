import { randomBytes } from "node:crypto";
import { type ApiKeyRecord, type ApiKeyStore, InvalidCursorError } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { aProductKey, atOnce, upTo } from "./fixtures.ts";

/** Every promise of the port `ApiKeyStore`. */
export function describeApiKeyStore(name: string, make: MakeContract<ApiKeyStore>): void {
  describe(`ApiKeyStore: ${name}`, () => {
    const open = openContract(make);

    it("gives a key back as it was inserted, with its limits and without", async () => {
      const { store, second } = open();
      const plain = aKey();
      const limited = aKey({
        role: "viewer",
        products: [aProductKey(), aProductKey()],
        expiresAtMs: 9_000,
        previous: { digest: "00", endsAtMs: 5 },
        lastUsed: { atMs: 7, peer: "192.0.2.1" },
      });
      for (const key of [plain, limited]) {
        await store.insert(key);
        expect(await second.find(key.keyId)).toEqual(key);
      }
      expect(await store.find(aKey().keyId)).toBeUndefined();
    });

    it("lists newest first, page by page, each once, also of one millisecond", async () => {
      const { store } = open();
      // Later than what other cases insert, so that these are the first.
      const keys = upTo(7).map((i) => aKey({ createdAtMs: Date.now() + 1e9 + Math.floor(i / 3) }));
      for (const key of keys) await store.insert(key);
      const seen: ApiKeyRecord[] = [];
      for (let cursor: string | undefined; seen.length < 7; ) {
        const page = await store.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.items);
        cursor = page.nextCursor;
      }
      const order = keys.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.keyId < b.keyId ? 1 : -1));
      expect(seen.slice(0, 7)).toEqual(order);
    });

    it("throws InvalidCursorError for a cursor that it did not give out", async () => {
      const { store } = open();
      for (const cursor of ["%", "nonsense", "bm9uc2Vuc2U", "9".repeat(400)])
        await expect(store.list({ limit: 1, cursor }), cursor).rejects.toThrow(InvalidCursorError);
    });

    it("keeps the digest before a rotation for as long as it is told, and only the last one", async () => {
      const { store, second } = open();
      const key = aKey();
      await store.insert(key);
      const first = { ...key, digest: "11", previous: { digest: key.digest, endsAtMs: 4_000 } };
      expect(await store.rotate(key.keyId, { digest: "11", previousEndsAtMs: 4_000 })).toEqual(first);
      expect(await second.find(key.keyId)).toEqual(first);
      const { previous: _, ...bare } = { ...first, digest: "22" };
      expect(await second.rotate(key.keyId, { digest: "22" })).toEqual(bare);
      expect(await store.rotate(aKey().keyId, { digest: "33" })).toBeUndefined();
    });

    it("gives a removed key to exactly one of 20 callers", async () => {
      const { store, second } = open();
      const key = aKey();
      await store.insert(key);
      const removed = await atOnce(20, (i) => (i % 2 ? store : second).remove(key.keyId));
      expect(removed.filter((one) => one !== undefined)).toEqual([key]);
      expect(await store.find(key.keyId)).toBeUndefined();
    });

    it("notes the latest use of a key, and brings none back that is gone", async () => {
      const { store, second } = open();
      const [key, gone] = [aKey(), aKey()];
      await store.insert(key);
      await store.noteUses([
        { keyId: gone.keyId, atMs: 50, peer: "a" },
        { keyId: key.keyId, atMs: 50, peer: "b" },
      ]);
      await second.noteUses([{ keyId: key.keyId, atMs: 40, peer: "c" }]);
      expect(await second.find(key.keyId)).toEqual({ ...key, lastUsed: { atMs: 50, peer: "b" } });
      expect(await store.find(gone.keyId)).toBeUndefined();
    });
  });
}

function aKey(given: Partial<ApiKeyRecord> = {}): ApiKeyRecord {
  return {
    keyId: randomBytes(9).toString("hex"),
    name: "line 3",
    role: "operator",
    digest: randomBytes(32).toString("hex"),
    createdAtMs: Date.now(),
    createdBy: "someone",
    ...given,
  };
}
