import type { ControlBus, DeviceDirectory, Recorder } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { createMembership } from "./membership.ts";

function setUp() {
  const state = { nowMs: 0, connected: true, interruptions: 0, forgotten: 0 };
  const membership = createMembership({
    nodeId: "n1",
    directory: { renewNode: async () => {}, endNode: async () => {} } as unknown as DeviceDirectory,
    bus: {
      listen: async () => ({ stop: async () => {} }),
      isConnected: () => state.connected,
      interruptions: () => state.interruptions,
    } as unknown as ControlBus,
    clock: { nowMs: () => state.nowMs, monotonicMs: () => state.nowMs },
    recorder: {} as Recorder,
    forgetAll: () => {
      state.forgotten += 1;
    },
  });
  return { membership, state };
}

const handler = async () => ({ closedSessions: 0 });

describe("membership", () => {
  it("is not trusted before it joined, and is after", async () => {
    const { membership } = setUp();
    expect(membership.isTrusted()).toBe(false);
    const { leave } = await membership.join(handler);
    expect(membership.isTrusted()).toBe(true);
    await leave();
  });

  it("is not trusted past its lease, nor while commands do not arrive", async () => {
    const { membership, state } = setUp();
    const { leave } = await membership.join(handler);
    state.connected = false;
    expect(membership.isTrusted()).toBe(false);
    state.connected = true;
    expect(membership.isTrusted()).toBe(true);
    state.nowMs += 4_000;
    expect(membership.isTrusted()).toBe(false);
    await leave();
  });

  it("clears the memories before it is trusted again after an interruption", async () => {
    const { membership, state } = setUp();
    const { leave } = await membership.join(handler);
    membership.isTrusted();
    const before = state.forgotten;
    state.interruptions += 1;
    expect(membership.isTrusted()).toBe(true);
    expect(state.forgotten).toBe(before + 1);
    membership.isTrusted();
    expect(state.forgotten).toBe(before + 1);
    await leave();
  });
});
