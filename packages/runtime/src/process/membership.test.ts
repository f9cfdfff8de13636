import type { Upkeep } from "@trine/core/platform";
import type { Recorder } from "@trine/core/ports";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createMembership } from "./membership.ts";

function setUp() {
  const state = { nowMs: 0, connected: true, interruptions: 0, forgotten: 0, isDown: false };
  const membership = createMembership({
    nodeId: "n1",
    directory: {
      async renewNode() {
        if (state.isDown) throw new Error("down");
      },
      async endNode() {},
    },
    bus: {
      listen: async () => ({ stop: async () => {} }),
      isConnected: () => state.connected,
      interruptions: () => state.interruptions,
    },
    clock: { nowMs: () => state.nowMs, monotonicMs: () => state.nowMs },
    recorder: { fault: () => undefined } as unknown as Recorder,
    leaseMs: 4_000,
    identityLeaseMs: 10_000,
    forgetAll: () => {
      state.forgotten += 1;
    },
  });
  const calls: string[] = [];
  const upkeep: Upkeep = {
    async sweepLostNodes() {
      calls.push("sweep");
      return 0;
    },
    closeExpired: async () => 0,
    closeIdle: () => 0,
    async recheckConnections() {
      calls.push("recheck");
      return 0;
    },
    keepWatching: () => void calls.push("watch"),
    closeAll(why) {
      calls.push(why);
      return 1;
    },
  };
  return { membership, state, upkeep, calls };
}

const handler = async () => ({ closedSessions: 0 });

describe("membership", () => {
  it("is not trusted before it joined, and is after", async () => {
    const { membership, upkeep } = setUp();
    expect(membership.isTrusted()).toBe(false);
    const { leave } = await membership.join(handler, upkeep);
    expect(membership.isTrusted()).toBe(true);
    await leave();
  });

  it("is not trusted past its lease, nor while commands do not arrive", async () => {
    const { membership, state, upkeep } = setUp();
    const { leave } = await membership.join(handler, upkeep);
    state.connected = false;
    expect(membership.isTrusted()).toBe(false);
    state.connected = true;
    expect(membership.isTrusted()).toBe(true);
    state.nowMs += 4_000;
    expect(membership.isTrusted()).toBe(false);
    await leave();
  });

  it("clears the memories before it is trusted again after an interruption", async () => {
    const { membership, state, upkeep } = setUp();
    const { leave } = await membership.join(handler, upkeep);
    membership.isTrusted();
    const before = state.forgotten;
    state.interruptions += 1;
    expect(membership.isTrusted()).toBe(true);
    expect(state.forgotten).toBe(before + 1);
    membership.isTrusted();
    expect(state.forgotten).toBe(before + 1);
    await leave();
  });

  it("serves until its lease is over, and while revocations do not come for the identity lease only", async () => {
    const { membership, state, upkeep } = setUp();
    expect(membership.mayServe()).toBe(false);
    const { leave } = await membership.join(handler, upkeep);
    expect(membership.mayServe()).toBe(true);
    state.nowMs = 3_999;
    expect(membership.mayServe()).toBe(true);
    state.nowMs = 4_000;
    expect(membership.mayServe()).toBe(false);
    expect(membership.complaints()).toMatchObject([{ part: "lease", severity: "error" }]);
    await leave();
  });

  it("complains while no revocation can reach it, and that it serves nobody after the identity lease", async () => {
    const { membership, state, upkeep } = setUp();
    const { leave } = await membership.join(handler, upkeep);
    membership.mayServe();
    state.connected = false;
    expect(membership.complaints()).toEqual([]);
    state.nowMs = 3_000;
    expect(membership.complaints()).toMatchObject([{ part: "bus", severity: "warning" }]);
    state.nowMs = 10_000;
    expect(membership.complaints()).toMatchObject([{ part: "lease" }, { part: "bus", severity: "error" }]);
    await leave();
  });

  describe("that is joined", () => {
    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    /** Lets time go by for the timers and for the clock. */
    async function pass(state: { nowMs: number }, ms: number): Promise<void> {
      for (let passed = 0; passed < ms; passed += 100) {
        state.nowMs += 100;
        await vi.advanceTimersByTimeAsync(100);
      }
    }

    it("closes everything when it could not renew for a lease, however quiet the connections are", async () => {
      const { membership, state, upkeep, calls } = setUp();
      const { leave } = await membership.join(handler, upkeep);
      await pass(state, 2_000);
      expect(calls).not.toContain("lease_over");
      state.isDown = true;
      await pass(state, 5_000);
      expect(calls).toContain("lease_over");
      expect(membership.mayServe()).toBe(false);
      state.isDown = false;
      await pass(state, 1_500);
      expect(membership.mayServe()).toBe(true);
      await leave();
    });

    it("drops what waited for it before it takes up a lease that was over", async () => {
      const { membership, state, upkeep, calls } = setUp();
      const { leave } = await membership.join(handler, upkeep);
      // Frozen: no timer runs, and none is made up for.
      state.nowMs += 15_000;
      calls.length = 0;
      await pass(state, 1_000);
      expect(calls.filter((call) => call === "lease_over").length).toBeGreaterThanOrEqual(2);
      expect(membership.mayServe()).toBe(false);
      await pass(state, 500);
      expect(membership.mayServe()).toBe(true);
      await leave();
    });

    it("judges other nodes only after a lease in touch, also after an outage", async () => {
      const { membership, state, upkeep, calls } = setUp();
      const { leave } = await membership.join(handler, upkeep);
      await pass(state, 3_900);
      expect(calls).not.toContain("sweep");
      await pass(state, 1_000);
      expect(calls).toContain("sweep");
      state.isDown = true;
      await pass(state, 6_000);
      state.isDown = false;
      await pass(state, 1_500);
      calls.length = 0;
      await pass(state, 2_000);
      expect(calls).not.toContain("sweep");
      await pass(state, 3_000);
      expect(calls).toContain("sweep");
      await leave();
    });

    it("compares its connections with the directory once after each interruption", async () => {
      const { membership, state, upkeep, calls } = setUp();
      const { leave } = await membership.join(handler, upkeep);
      await pass(state, 2_000);
      expect(calls).not.toContain("recheck");
      state.interruptions = 2;
      await pass(state, 2_000);
      expect(calls.filter((call) => call === "recheck")).toHaveLength(1);
      await leave();
    });
  });
});
