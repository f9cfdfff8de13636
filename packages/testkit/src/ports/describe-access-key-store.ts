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
