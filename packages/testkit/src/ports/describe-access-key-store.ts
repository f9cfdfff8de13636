import { randomBytes } from "node:crypto";
import { type AccessKeyRecord, type AccessKeyStore, InvalidCursorError } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { aProductKey, atOnce, upTo } from "./fixtures.ts";

/** Every promise of the port `AccessKeyStore`. */
export function describeAccessKeyStore(name: string, make: MakeContract<AccessKeyStore>): void {
  describe(`AccessKeyStore: ${name}`, () => {
    const open = openContract(make);

    it("gives a key back as it was inserted, with its limits and without", async () => {
      const { store, second } = open();
      const plain = anAccessKey();
      const limited = anAccessKey({
        role: "viewer",
        products: [aProductKey(), aProductKey()],
        expiresAtMs: 9_000,
        lastUsed: { atMs: 7, peer: "192.0.2.1" },
      });
      for (const key of [plain, limited]) {
        await store.insert(key);
        expect(await second.find(key.accessKeyId)).toEqual(key);
      }
      expect(await store.find(anAccessKey().accessKeyId)).toBeUndefined();
    });

    it("lists newest first, page by page, each once, also of one millisecond", async () => {
      const { store } = open();
      // Later than what other cases insert, so that these are the first.
      const keys = upTo(7).map((i) => anAccessKey({ createdAtMs: Date.now() + 1e9 + Math.floor(i / 3) }));
      for (const key of keys) await store.insert(key);
      const seen: AccessKeyRecord[] = [];
      for (let cursor: string | undefined; seen.length < 7; ) {
        const page = await store.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.items);
        cursor = page.nextCursor;
      }
      const order = keys.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.accessKeyId < b.accessKeyId ? 1 : -1));
      expect(seen.slice(0, 7)).toEqual(order);
    });

    it("throws InvalidCursorError for a cursor that it did not give out", async () => {
      const { store } = open();
      for (const cursor of ["%", "nonsense", "bm9uc2Vuc2U", "9".repeat(400)])
        await expect(store.list({ limit: 1, cursor }), cursor).rejects.toThrow(InvalidCursorError);
    });

    it("gives a removed key to exactly one of 20 callers", async () => {
      const { store, second } = open();
      const key = anAccessKey();
      await store.insert(key);
      const removed = await atOnce(20, (i) => (i % 2 ? store : second).remove(key.accessKeyId));
      expect(removed.filter((one) => one !== undefined)).toEqual([key]);
      expect(await store.find(key.accessKeyId)).toBeUndefined();
    });

    it("gives a nonce of a key to exactly one of 50 callers, for as long as it lives", async () => {
      const { store, second } = open();
      const [key, other] = [anAccessKey().accessKeyId, anAccessKey().accessKeyId];
      const life = { nowMs: 1_000, endsAtMs: 2_000 };
      const taken = await atOnce(50, (i) => (i % 2 ? store : second).takeNonce(key, "n1", life));
      expect(taken.filter(Boolean)).toHaveLength(1);
      expect(await store.takeNonce(other, "n1", life)).toBe(true);
      expect(await store.takeNonce(key, "n2", life)).toBe(true);
      expect(await second.takeNonce(key, "n1", { nowMs: 2_000, endsAtMs: 3_000 })).toBe(false);
    });

    it("forgets nonces whose time is over", async () => {
      const { store } = open();
      const key = anAccessKey().accessKeyId;
      await store.takeNonce(key, "n1", { nowMs: 1, endsAtMs: 2 });
      // Some are forgotten with every one that is taken.
      for (let i = 0; i < 60; i += 1) await store.takeNonce(key, `later ${i}`, { nowMs: 3_000, endsAtMs: 9_000 });
      expect(await store.takeNonce(key, "n1", { nowMs: 3_000, endsAtMs: 9_000 })).toBe(true);
    });

    it("notes the latest use of a key, and brings none back that is gone", async () => {
      const { store, second } = open();
      const [key, gone] = [anAccessKey(), anAccessKey()];
      await store.insert(key);
      await store.noteUses([
        { keyId: gone.accessKeyId, atMs: 50, peer: "a" },
        { keyId: key.accessKeyId, atMs: 50, peer: "b" },
      ]);
      await second.noteUses([{ keyId: key.accessKeyId, atMs: 40, peer: "c" }]);
      expect(await second.find(key.accessKeyId)).toEqual({ ...key, lastUsed: { atMs: 50, peer: "b" } });
      expect(await store.find(gone.accessKeyId)).toBeUndefined();
    });
  });
}

/** An access key that no other case has. */
export function anAccessKey(given: Partial<AccessKeyRecord> = {}): AccessKeyRecord {
  return {
    accessKeyId: randomBytes(10).toString("hex"),
    name: "cloud application",
    role: "operator",
    sealedSecret: `sealed ${randomBytes(9).toString("hex")}`,
    createdAtMs: Date.now(),
    createdBy: "someone",
    ...given,
  };
}
