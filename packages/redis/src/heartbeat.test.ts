import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createHeartbeat } from "./heartbeat.ts";

beforeEach(
  () =>
    void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "setTimeout", "clearTimeout", "performance"] }),
);
afterEach(() => void vi.useRealTimers());

/** A heartbeat whose beats come back while `delivers` holds. */
async function started() {
  const seen = { delivers: true, interruptions: 0, silences: 0 };
  const heartbeat = createHeartbeat({
    async send(beat) {
      if (seen.delivers) heartbeat.heard(beat);
    },
    onInterruption: () => (seen.interruptions += 1),
    onSilence: () => (seen.silences += 1),
    intervalMs: 1_000,
    silenceMs: 3_000,
  });
  await heartbeat.start(new AbortController().signal);
  return { heartbeat, seen };
}

it("is alive while beats come back", async () => {
  const { heartbeat, seen } = await started();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(heartbeat.isAlive()).toBe(true);
  expect(seen).toMatchObject({ interruptions: 0, silences: 0 });
});

it("does not start when the first beat stays away", async () => {
  const heartbeat = createHeartbeat({
    send: () => Promise.reject(new Error("not sent")),
    onInterruption: () => undefined,
    onSilence: () => undefined,
    intervalMs: 1_000,
    silenceMs: 3_000,
  });
  const starting = expect(heartbeat.start(new AbortController().signal)).rejects.toThrow("does not deliver");
  await vi.advanceTimersByTimeAsync(3_000);
  await starting;
});

it("takes silence for one interruption, however long it lasts, and tells it again and again", async () => {
  const { heartbeat, seen } = await started();
  seen.delivers = false;
  await vi.advanceTimersByTimeAsync(3_001);
  expect(heartbeat.isAlive()).toBe(false);
  await vi.advanceTimersByTimeAsync(8_000);
  expect(seen).toMatchObject({ interruptions: 1, silences: 2 });
  seen.delivers = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(heartbeat.isAlive()).toBe(true);
  expect(seen.interruptions).toBe(1);
});

it("takes a beat that is missing between two others for an interruption, and is alive after it", async () => {
  const { heartbeat, seen } = await started();
  seen.delivers = false;
  await vi.advanceTimersByTimeAsync(1_000);
  seen.delivers = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect(heartbeat.isAlive()).toBe(true);
  expect(seen).toMatchObject({ interruptions: 1, silences: 0 });
});

it("is not alive from a lost connection until the next beat", async () => {
  const { heartbeat, seen } = await started();
  heartbeat.lost();
  heartbeat.lost();
  expect(heartbeat.isAlive()).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(heartbeat.isAlive()).toBe(true);
  expect(seen.interruptions).toBe(1);
});

it("sends no more after its signal", async () => {
  const stop = new AbortController();
  const send = vi.fn(async (beat: number) => heartbeat.heard(beat));
  const heartbeat = createHeartbeat({
    send,
    onInterruption: () => undefined,
    onSilence: () => undefined,
    intervalMs: 1_000,
    silenceMs: 3_000,
  });
  await heartbeat.start(stop.signal);
  stop.abort();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(send).toHaveBeenCalledTimes(1);
});
