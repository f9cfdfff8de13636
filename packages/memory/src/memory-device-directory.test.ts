import type { Clock } from "@trine/core/ports";
import { aDeviceRef } from "@trine/testkit/ports";
import { expect, it } from "vitest";
import { createMemoryDeviceDirectory } from "./memory-device-directory.ts";

const clockAt = (nowMs: number): Clock => ({ nowMs: () => nowMs, monotonicMs: () => 0 });
const holder = { nodeId: "node", connectionId: "connection", about: "" };

it("gives epochs after a restart that are greater than all before it", async () => {
  const device = aDeviceRef();
  const before = createMemoryDeviceDirectory({ clock: clockAt(1_760_000_000_000) });
  let last = 0;
  for (let i = 0; i < 500; i += 1) last = (await before.claim(device, holder)).epoch;
  const after = createMemoryDeviceDirectory({ clock: clockAt(1_760_000_000_001) });
  expect((await after.claim(device, holder)).epoch).toBeGreaterThan(last);
});

it("goes on counting up when the clock is set back", async () => {
  let nowMs = 1_760_000_000_000.5;
  const directory = createMemoryDeviceDirectory({ clock: { nowMs: () => nowMs, monotonicMs: () => 0 } });
  const first = await directory.claim(aDeviceRef(), holder);
  nowMs -= 3_600_000;
  const next = await directory.claim(aDeviceRef(), holder);
  expect(next.epoch).toBe(first.epoch + 1);
  expect(Number.isSafeInteger(next.epoch)).toBe(true);
});
