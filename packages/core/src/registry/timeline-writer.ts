import { deviceKey } from "../certificate/names.ts";
import type { Clock } from "../ports/clock.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { Timeline, TimelineEvent, TimelineNotes } from "../ports/timeline.ts";

/** Writes timelines behind what causes them. */
export interface TimelineWriter extends TimelineNotes {
  /** Writes what was noted. What cannot be written is kept for the next time, within bounds, and the fault is recorded. */
  flush(): Promise<void>;
}

/** Most events that wait for the store, and most refusals that are counted at once. */
const MAX_WAITING = 10_000;
/** Most events of one write. */
const CHUNK = 1_000;
const REFUSAL_WINDOW_MS = 60_000;

/** Refusals of one device for one reason, since one was written. */
interface RefusalWindow {
  readonly endsAtMs: number;
  readonly untold: number;
  readonly last: TimelineEvent;
}

interface Deps {
  readonly timeline: Pick<Timeline, "append">;
  readonly recorder: Pick<Recorder, "timelineDropped" | "fault">;
  readonly clock: Clock;
}

/**
 * Makes a writer; its owner calls `flush` now and then, and at the end.
 *
 * Nothing that devices or strangers do makes it grow: beyond its bounds the oldest events are dropped and counted. Of refusals, which a
 * stranger can cause, the first of a device and code is written, and then one a minute with the number of those in between.
 */
export function createTimelineWriter({ timeline, recorder, clock }: Deps): TimelineWriter {
  let waiting: TimelineEvent[] = [];
  /** In the order in which they end. */
  const windows = new Map<string, RefusalWindow>();

  function add(event: TimelineEvent): void {
    // Many at once: taking the first one off a long list costs as much as taking off a thousand.
    if (waiting.length >= MAX_WAITING) recorder.timelineDropped(waiting.splice(0, CHUNK).length);
    waiting.push(event);
  }

  function addRefusal(event: TimelineEvent): void {
    const key = `${deviceKey(event.device)}/${event.iotId}/${event.detail["code"]}`;
    const window = windows.get(key);
    if (window) windows.set(key, { ...window, untold: window.untold + 1, last: event });
    else if (windows.size >= MAX_WAITING) recorder.timelineDropped(1);
    else tellRefusals(key, { count: 1, last: event });
  }

  function tellRefusals(key: string, { count, last }: { count: number; last: TimelineEvent }): void {
    add({ ...last, detail: { ...last.detail, count } });
    windows.set(key, { endsAtMs: clock.monotonicMs() + REFUSAL_WINDOW_MS, untold: 0, last });
  }

  function endWindows(): void {
    const nowMs = clock.monotonicMs();
    for (const [key, { endsAtMs, untold, last }] of [...windows]) {
      if (endsAtMs > nowMs) return;
      windows.delete(key);
      if (untold > 0) tellRefusals(key, { count: untold, last });
    }
  }

  return {
    note: (event) => (event.kind === "refused" ? addRefusal(event) : add(event)),
    async flush() {
      endWindows();
      while (waiting.length > 0) {
        const chunk = waiting.splice(0, CHUNK);
        try {
          await timeline.append(chunk);
        } catch (error) {
          recorder.fault("timeline", error);
          waiting = [...chunk, ...waiting];
          return;
        }
      }
    },
  };
}
