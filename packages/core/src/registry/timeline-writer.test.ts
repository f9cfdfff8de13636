import { describe, expect, it } from "vitest";
import { aDevice } from "../../test/an-attempt.ts";
import type { TimelineEvent, TimelineKind } from "../ports/timeline.ts";
import { createTimelineWriter } from "./timeline-writer.ts";

function aWriter() {
  const written: (readonly TimelineEvent[])[] = [];
  const state = { down: false, nowMs: 0, dropped: 0, faults: [] as string[] };
  const writer = createTimelineWriter({
    timeline: {
      async append(events) {
        if (state.down) throw new Error("down");
        written.push(events);
      },
    },
    recorder: {
      timelineDropped(count) {
        state.dropped += count;
      },
      fault: (where) => void state.faults.push(where),
    },
    clock: { nowMs: () => state.nowMs, monotonicMs: () => state.nowMs },
  });
  return { writer, written, state };
}

function anEvent(kind: TimelineKind, given: { n?: number; code?: string } = {}): TimelineEvent {
  const { n = 1, code } = given;
  const detail = code === undefined ? {} : { code, why: "wrong MAC" };
  return { device: aDevice(`device_${n}`), iotId: `iot-${n}`, kind, atMs: n, detail };
}

describe("events", () => {
  it("are written in order, a thousand at a time", async () => {
    const { writer, written } = aWriter();
    for (let n = 0; n < 2_500; n += 1) writer.note(anEvent("online", { n }));
    await writer.flush();
    expect(written.map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
    expect(written.flat().map(({ atMs }) => atMs)).toEqual(Array.from({ length: 2_500 }, (_, n) => n));
    await writer.flush();
    expect(written).toHaveLength(3);
  });

  it("are kept in order when the store is down, which is recorded and thrown at nobody", async () => {
    const { writer, written, state } = aWriter();
    state.down = true;
    writer.note(anEvent("online", { n: 1 }));
    await writer.flush();
    writer.note(anEvent("offline", { n: 2 }));
    await writer.flush();
    expect(state.faults).toEqual(["timeline", "timeline"]);
    state.down = false;
    await writer.flush();
    expect(written.flat().map(({ kind }) => kind)).toEqual(["online", "offline"]);
  });

  it("beyond ten thousand push the oldest out, and those are counted", async () => {
    const { writer, written, state } = aWriter();
    for (let n = 0; n < 25_000; n += 1) writer.note(anEvent("online", { n }));
    await writer.flush();
    const events = written.flat();
    expect(events.length).toBeLessThanOrEqual(10_000);
    expect(events.length + state.dropped).toBe(25_000);
    expect(events.at(-1)?.atMs).toBe(24_999);
  });
});

describe("refusals", () => {
  it("are written once at once, and then once a minute with the number of those in between", async () => {
    const { writer, written, state } = aWriter();
    for (let second = 0; second < 180; second += 1) {
      state.nowMs = second * 1_000;
      for (let n = 0; n < 10; n += 1) writer.note(anEvent("refused", { code: "bad_credentials" }));
      await writer.flush();
    }
    const counts = written.flat().map(({ detail }) => detail["count"]);
    expect(counts).toEqual([1, 609, 600]);
  });

  it("are told apart by device and by code, and a device that was refused once leaves nothing behind", async () => {
    const { writer, written, state } = aWriter();
    for (const n of [1, 2])
      for (const code of ["bad_credentials", "disabled"]) writer.note(anEvent("refused", { n, code }));
    await writer.flush();
    expect(written.flat()).toHaveLength(4);
    state.nowMs = 60_000;
    await writer.flush();
    writer.note(anEvent("refused", { n: 1, code: "disabled" }));
    await writer.flush();
    expect(written.flat()).toHaveLength(5);
  });

  it("of more devices than a minute has room for are dropped and counted", async () => {
    const { writer, written, state } = aWriter();
    for (let n = 0; n < 12_000; n += 1) {
      writer.note(anEvent("refused", { n, code: "disabled" }));
      if (n % 1_000 === 999) await writer.flush();
    }
    expect(written.flat()).toHaveLength(10_000);
    expect(state.dropped).toBe(2_000);
  });
});
