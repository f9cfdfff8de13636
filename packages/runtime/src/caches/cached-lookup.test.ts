import { parseDeviceRef } from "@trine/core/certificate";
import type { DeviceCredentials } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { createCachedLookup } from "./cached-lookup.ts";

const device = must(parseDeviceRef("a1b2C3d4E5f", "device_01"));
const sibling = must(parseDeviceRef("a1b2C3d4E5f", "device_02"));
const credentials = { device } as unknown as DeviceCredentials;

function setUp(options: { trusted?: () => boolean } = {}) {
  let nowMs = 1;
  let answer: DeviceCredentials | undefined = credentials;
  const waiting: (() => void)[] = [];
  const state = { calls: 0, hold: false };
  const lookup = createCachedLookup(
    {
      async findCredentials() {
        state.calls += 1;
        const found = answer;
        if (state.hold) await new Promise<void>((done) => waiting.push(done));
        return found;
      },
    },
    {
      maxEntries: 10,
      maxAgeMs: 60_000,
      clock: { nowMs: () => nowMs, monotonicMs: () => nowMs },
      isTrusted: options.trusted ?? (() => true),
    },
  );
  return {
    lookup,
    state,
    pass: (ms: number) => {
      nowMs += ms;
    },
    become: (next: DeviceCredentials | undefined) => {
      answer = next;
    },
    letGo: () => {
      for (const done of waiting.splice(0)) done();
    },
  };
}

describe("a cached look-up", () => {
  it("asks the store once for a known device", async () => {
    const { lookup, state } = setUp();
    expect(await lookup.findCredentials(device)).toBe(credentials);
    expect(await lookup.findCredentials(device)).toBe(credentials);
    expect(state.calls).toBe(1);
  });

  it("asks the store once for an unknown device, and again soon", async () => {
    const { lookup, state, become, pass } = setUp();
    become(undefined);
    expect(await lookup.findCredentials(device)).toBeUndefined();
    expect(await lookup.findCredentials(device)).toBeUndefined();
    expect(state.calls).toBe(1);
    pass(1_100);
    become(credentials);
    expect(await lookup.findCredentials(device)).toBe(credentials);
  });

  it("shares one round trip among simultaneous look-ups of a device", async () => {
    const { lookup, state, letGo } = setUp();
    state.hold = true;
    const answers = Promise.all([lookup.findCredentials(device), lookup.findCredentials(device)]);
    letGo();
    expect(await answers).toEqual([credentials, credentials]);
    expect(state.calls).toBe(1);
  });

  it("does not remember an answer that an eviction overtook", async () => {
    const { lookup, state, letGo } = setUp();
    state.hold = true;
    const early = lookup.findCredentials(device);
    lookup.evict({ device });
    letGo();
    await early;
    state.hold = false;
    await lookup.findCredentials(device);
    expect(state.calls).toBe(2);
  });

  it("forgets every device of an evicted product, and no other", async () => {
    const { lookup, state } = setUp();
    const other = must(parseDeviceRef("a1other", "device_01"));
    for (const each of [device, sibling, other]) await lookup.findCredentials(each);
    lookup.evict({ productKey: device.productKey });
    for (const each of [device, sibling, other]) await lookup.findCredentials(each);
    expect(state.calls).toBe(5);
  });

  it("uses nothing remembered while a revocation may have been missed", async () => {
    let trusted = true;
    const { lookup, state } = setUp({ trusted: () => trusted });
    await lookup.findCredentials(device);
    trusted = false;
    await lookup.findCredentials(device);
    expect(state.calls).toBe(2);
  });

  it("passes a fault on and remembers nothing of it", async () => {
    const { lookup, state, become } = setUp();
    become(undefined);
    const broken = createCachedLookup(
      { findCredentials: () => Promise.reject(new Error("down")) },
      { maxEntries: 10, maxAgeMs: 1, clock: { nowMs: () => 0, monotonicMs: () => 0 }, isTrusted: () => true },
    );
    await expect(broken.findCredentials(device)).rejects.toThrow("down");
    await expect(broken.findCredentials(device)).rejects.toThrow("down");
    expect(await lookup.findCredentials(device)).toBeUndefined();
    expect(state.calls).toBe(1);
  });
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a test name is not valid");
  return value;
}
