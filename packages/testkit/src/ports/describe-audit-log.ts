import { type AuditEntry, type AuditLog, InvalidCursorError } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { atOnce, randomName, upTo } from "./fixtures.ts";

/** Every promise of the port `AuditLog`. */
export function describeAuditLog(name: string, make: MakeContract<AuditLog>): void {
  describe(`AuditLog: ${name}`, () => {
    const open = openContract(make);

    it("gives an entry back as it was recorded, with an id", async () => {
      const { store, second } = open();
      const entry = anEntry({ detail: { count: 3, names: ["a", "b"], nested: { deep: null } } });
      await store.record(entry);
      const { items } = await second.list({ target: entry.target }, { limit: 10 });
      expect(items).toEqual([{ ...entry, id: expect.any(String) }]);
    });

    it("lists newest first, page by page, each once, also of one millisecond", async () => {
      const { store } = open();
      const target = randomName();
      for (const i of upTo(7)) await store.record(anEntry({ target, atMs: 5_000 + Math.floor(i / 3), detail: { i } }));
      const seen: unknown[] = [];
      for (let cursor: string | undefined, end = false; !end; end = cursor === undefined) {
        const page = await store.list({ target }, { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.items.map(({ detail }) => detail["i"]));
        cursor = page.nextCursor;
      }
      expect(seen).toEqual([6, 5, 4, 3, 2, 1, 0]);
    });

    it("filters by action and by target", async () => {
      const { store } = open();
      const [target, action] = [randomName(), randomName()];
      await store.record(anEntry({ target, action, actor: "both" }));
      await store.record(anEntry({ target, actor: "target" }));
      await store.record(anEntry({ action, actor: "action" }));
      const actors = async (filter: { action?: string; target?: string }) =>
        (await store.list(filter, { limit: 10 })).items.map(({ actor }) => actor);
      expect(await actors({ target })).toEqual(["target", "both"]);
      expect(await actors({ action })).toEqual(["action", "both"]);
      expect(await actors({ target, action })).toEqual(["both"]);
      expect(await actors({ target: randomName() })).toEqual([]);
    });

    it("keeps every one of 50 simultaneous entries, under ids of their own", async () => {
      const { store, second } = open();
      const target = randomName();
      await atOnce(50, (i) => (i % 2 ? store : second).record(anEntry({ target })));
      const { items, nextCursor } = await store.list({ target }, { limit: 100 });
      expect(new Set(items.map(({ id }) => id)).size).toBe(50);
      expect(nextCursor).toBeUndefined();
    });

    it("throws InvalidCursorError for a cursor that it did not give out", async () => {
      const { store } = open();
      for (const cursor of ["%", "nonsense", "bm9uc2Vuc2U", "9".repeat(400)]) {
        await expect(store.list({}, { limit: 1, cursor }), cursor).rejects.toThrow(InvalidCursorError);
      }
    });
  });
}

function anEntry(given: Partial<AuditEntry> = {}): AuditEntry {
  return {
    atMs: Date.now(),
    actor: "someone",
    action: "device.delete",
    target: randomName(),
    detail: {},
    peer: "192.0.2.7",
    ...given,
  };
}
