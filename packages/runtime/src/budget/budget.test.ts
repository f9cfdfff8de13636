import { describe, expect, it } from "vitest";
import { createLogger } from "../observe/logger.ts";
import { createMetrics } from "../observe/metrics.ts";
import { createBudget } from "./budget.ts";
import { descriptorLimit, readUsage, type Usage } from "./read-usage.ts";

const LIMITS = { connections: 1_000, descriptors: 1_000, memory: 1_000, heap: 1_000 };

function aBudget(settings: { fullAt?: number; maxConnections?: number } = {}) {
  const used = { descriptors: 50, memory: 100, heap: 100 };
  const state = { used, idle: 0, shed: 0 };
  const metrics = createMetrics("test");
  const budget = createBudget({
    read: async () =>
      Object.entries(used).map(([resource, count]) => {
        const name = resource as Usage["resource"];
        return { resource: name, used: count, limit: LIMITS[name] };
      }),
    shed() {
      const closed = state.idle;
      state.idle = 0;
      state.shed += closed;
      return closed;
    },
    settings: { fullAt: 0.9, maxConnections: 0, ...settings },
    metrics,
    logger: createLogger({ service: "test", level: "silent" }),
  });
  const accepted = (times: number) => Array.from({ length: times }, () => budget.mayAccept()).filter(Boolean).length;
  return { ...state, state, used, budget, metrics, accepted };
}

describe("a budget", () => {
  it("takes on no more connections between two looks than there are descriptors for", async () => {
    const { budget, used, accepted } = aBudget();
    await budget.look();
    expect(accepted(2_000)).toBe(850);
    used.descriptors = 850;
    await budget.look();
    expect(accepted(2_000)).toBe(50);
  });

  it("takes on no more connections than the setting allows", async () => {
    const { budget, used, accepted } = aBudget({ maxConnections: 100 });
    await budget.look();
    used.descriptors = 130;
    await budget.look();
    expect(accepted(50)).toBe(20);
    used.descriptors = 150;
    await budget.look();
    expect(accepted(50)).toBe(0);
    expect(budget.complaints()).toMatchObject([{ part: "budget", severity: "error" }]);
    used.descriptors = 120;
    await budget.look();
    expect(accepted(50)).toBe(30);
  });

  it("is full when memory is short at two looks in a row, and has room again a little below", async () => {
    const { budget, used } = aBudget();
    used.heap = 950;
    await budget.look();
    expect([budget.hasRoom(), budget.mayAccept()]).toEqual([true, true]);
    await budget.look();
    expect([budget.hasRoom(), budget.mayAccept()]).toEqual([false, false]);
    used.heap = 880;
    await budget.look();
    expect(budget.hasRoom()).toBe(false);
    used.heap = 850;
    await budget.look();
    expect([budget.hasRoom(), budget.complaints()]).toEqual([true, []]);
  });

  it("closes what has not logged in only when refusing what is new was not enough", async () => {
    const { budget, used, state, metrics } = aBudget();
    state.idle = 7;
    used.descriptors = 920;
    await budget.look();
    expect([budget.hasRoom(), state.shed]).toEqual([false, 0]);
    used.descriptors = 960;
    await budget.look();
    expect(state.shed).toBe(7);
    budget.mayAccept();
    expect((await metrics.shed.get()).values.map(({ labels, value }) => [labels.what, value])).toEqual([
      ["idle", 7],
      ["connection", 1],
    ]);
  });

  it("that is off refuses nobody", async () => {
    const { budget, used } = aBudget({ fullAt: 0 });
    Object.assign(used, { descriptors: 1_000, memory: 1_000, heap: 1_000 });
    await budget.look();
    await budget.look();
    expect([budget.hasRoom(), budget.mayAccept()]).toEqual([true, true]);
  });
});

describe("what a process uses", () => {
  it("is read of this one", async () => {
    const usages = await readUsage();
    expect(usages.map(({ resource }) => resource)).toEqual(["descriptors", "memory", "heap"]);
    for (const { used, limit } of usages) {
      expect(used).toBeGreaterThan(0);
      expect(used).toBeLessThan(limit);
    }
  });

  it("is not limited where the kernel says so", () => {
    expect(descriptorLimit("Max open files            1024                 4096                 files")).toBe(1_024);
    expect(
      descriptorLimit("Max open files            unlimited            unlimited            files"),
    ).toBeUndefined();
  });
});
