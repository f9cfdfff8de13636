import type { SealedRow, SealedRows } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { atOnce, randomName } from "./fixtures.ts";

/** What a test of a place needs besides. */
export interface SealedRowsFixture {
  /** Stores one more secret, as `sealed`, in a row of its own. @returns what it is bound to, and what reads it as it is stored now. */
  add(sealed: string): Promise<{ context: SealedRow["context"]; read(): Promise<string | undefined> }>;
}

/** Every promise of the port `SealedRows`, for one place. */
export function describeSealedRows(name: string, make: MakeContract<SealedRows, SealedRowsFixture>): void {
  describe(`SealedRows: ${name}`, () => {
    const open = openContract(make);

    /** Everything that is listed, in pages of `limit`. */
    async function all(limit: number): Promise<readonly SealedRow[]> {
      const { store } = open();
      const found: SealedRow[] = [];
      let after: string | undefined;
      do {
        const page = await store.list({ limit, ...(after === undefined ? {} : { after }) });
        found.push(...page.rows);
        after = page.next;
      } while (after !== undefined);
      return found;
    }

    async function rowOf(sealed: string): Promise<SealedRow> {
      const row = (await all(100)).find((each) => each.sealed === sealed);
      if (!row) throw new Error("the secret was added");
      return row;
    }

    it("lists every secret once, with what it is bound to, in pages of any size", async () => {
      const { add } = open();
      const added = new Map<string, SealedRow["context"]>();
      for (let i = 0; i < 5; i += 1) {
        const sealed = `sealed ${randomName()}`;
        added.set(sealed, (await add(sealed)).context);
      }
      for (const limit of [1, 2, 5, 1_000]) {
        const found = (await all(limit)).filter(({ sealed }) => added.has(sealed));
        expect(found).toHaveLength(5);
        for (const { sealed, context } of found) expect(context).toEqual(added.get(sealed));
      }
    });

    it("counts what it lists", async () => {
      const { store, add } = open();
      await add(`sealed ${randomName()}`);
      expect(await store.count()).toBe((await all(100)).length);
    });

    it("replaces a secret that is still as it was listed", async () => {
      const { store, second, add } = open();
      const sealed = `sealed ${randomName()}`;
      const { read } = await add(sealed);
      expect(await second.replace([{ row: await rowOf(sealed), to: "sealed again" }])).toBe(1);
      expect(await read()).toBe("sealed again");
      expect(await store.replace([])).toBe(0);
    });

    it("leaves a secret alone that was changed meanwhile", async () => {
      const { store, add } = open();
      const sealed = `sealed ${randomName()}`;
      const { read } = await add(sealed);
      const row = await rowOf(sealed);
      await store.replace([{ row, to: "changed meanwhile" }]);
      expect(await store.replace([{ row, to: "sealed again" }])).toBe(0);
      expect(await read()).toBe("changed meanwhile");
    });

    it("replaces for exactly one of 10 that come at once, and many in one go", async () => {
      const { store, second, add } = open();
      const names = Array.from({ length: 20 }, () => `sealed ${randomName()}`);
      for (const sealed of names) await add(sealed);
      const rows = (await all(100)).filter(({ sealed }) => names.includes(sealed));
      const counts = await atOnce(10, (i) =>
        (i % 2 ? store : second).replace(rows.map((row) => ({ row, to: `${row.sealed} by ${i}` }))),
      );
      expect(counts.reduce((sum, count) => sum + count)).toBe(20);
    });
  });
}
