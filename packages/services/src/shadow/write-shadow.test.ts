import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";
import type { ShadowChange } from "./change-shadow.ts";
import { createSqlShadowStore } from "./sql-store.ts";
import { createShadowWriter, type ShadowWriter } from "./write-shadow.ts";

const NODES = 3;

describeService("writers of one shadow on three nodes at once", (open) => {
  async function writers() {
    const { database, addDevice } = open();
    const { device } = await addDevice();
    const clock = { nowMs: Date.now, monotonicMs: () => 0 };
    // Each node has its own queue of writers, as in processes of their own.
    const nodes = Array.from({ length: NODES }, () =>
      createShadowWriter({ store: createSqlShadowStore(database), clock }),
    );
    return { device, nodes, store: createSqlShadowStore(database) };
  }

  /** A success: what was written, and the version that it got. */
  async function version(writer: ShadowWriter, given: Parameters<ShadowWriter["change"]>): Promise<number | string> {
    const written = await writer.change(...given);
    return typeof written === "string" ? written : (written.shadow?.version ?? "deleted");
  }

  it("get versions of their own, and what they leave is what they did one after the other by version", async () => {
    const { device, nodes, store } = await writers();
    const asked = Array.from({ length: 60 }, (_, at) => ({
      name: `a${at % 7}`,
      value: at,
      node: nodes[at % NODES] as ShadowWriter,
    }));
    const written = await Promise.all(
      asked.map(async ({ name, value, node }) => ({
        name,
        value,
        version: await version(node, [device, { desired: { is: "patched", by: { [name]: value } } }, true]),
      })),
    );
    const inOrder = written.toSorted((one, other) => Number(one.version) - Number(other.version));
    expect(inOrder.map((write) => write.version)).toEqual(asked.map((_, at) => at + 1));
    const expected = Object.fromEntries(inOrder.map(({ name, value }) => [name, value]));
    const found = await store.find(device);
    expect(found?.shadow?.desired.state).toEqual(expected);
    expect(found).toMatchObject({ revision: 60, tellRevision: 60, shadow: { version: 60 } });
  });

  it("want one version: one gets it, the others are refused", async () => {
    const { device, nodes, store } = await writers();
    const change = (at: number): ShadowChange => ({ version: 5, reported: { is: "patched", by: { a: at } } });
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, at) => version(nodes[at % NODES] as ShadowWriter, [device, change(at), false])),
    );
    const winners = outcomes.flatMap((outcome, at) => (outcome === 5 ? [at] : []));
    expect(winners).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "version_conflict")).toHaveLength(29);
    expect((await store.find(device))?.shadow?.reported.state).toEqual({ a: winners[0] });
  });

  it("never bring back what was deleted in between", async () => {
    const { device, nodes, store } = await writers();
    const [first, second] = nodes as [ShadowWriter, ShadowWriter];
    await first.change(device, { reported: { is: "patched", by: { old: 1 } } }, false);
    const stale = await store.find(device);
    await second.remove(device);
    await second.change(device, { reported: { is: "patched", by: { new: 1 } } }, false);
    const write = { after: stale?.revision, shadow: stale?.shadow, tell: { is: "as_before" } } as const;
    expect(await store.replace(device, write)).toBe(false);
    expect((await store.find(device))?.shadow).toMatchObject({ version: 1, reported: { state: { new: 1 } } });
  });

  it("give up, and say so, when another is faster again and again", async () => {
    const { device, store } = await writers();
    const losing = createShadowWriter({
      store: { ...store, replace: async () => false },
      clock: { nowMs: Date.now, monotonicMs: () => 0 },
    });
    expect(await losing.change(device, { reported: { is: "patched", by: { a: 1 } } }, false)).toBe("busy");
    expect(await losing.remove(device)).toBe("busy");
  });
});
