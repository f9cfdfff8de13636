import type { Recorder, UplinkLog } from "@trine/core/ports";
import type { OutMessage } from "./out-messages.ts";

/** Acknowledges what clients accepted, many at once. */
export interface Acknowledger {
  /** Messages that were accepted and are not acknowledged yet. */
  readonly waiting: number;
  add(message: OutMessage): void;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

const MOST_AT_ONCE = 500;
const TRY_AGAIN_MS = 500;

/**
 * Makes the acknowledger of one link. While the store does not answer it goes on trying, until the messages have lapsed: then they come again
 * anyway.
 *
 * @param onDone told of each message that is acknowledged, or has lapsed before it was.
 */
export function createAcknowledger(deps: {
  log: Pick<UplinkLog, "acknowledge">;
  group: string;
  recorder: Pick<Recorder, "fault">;
  monotonicMs: () => number;
  onDone: (message: OutMessage, outcome: "settled" | "lapsed") => void;
}): Acknowledger {
  const { log, group, recorder, monotonicMs, onDone } = deps;
  let waiting: OutMessage[] = [];
  let running: Promise<void> | undefined;

  async function acknowledgeAll(): Promise<void> {
    // What is accepted in one go is acknowledged in one go.
    await undefined;
    while (waiting.length > 0) {
      const some = waiting.slice(0, MOST_AT_ONCE);
      const isDone = await acknowledge(some.map(({ id }) => id));
      const nowMs = monotonicMs();
      const done = isDone ? some : some.filter(({ lapsesAtMs }) => lapsesAtMs <= nowMs);
      const gone = new Set(done);
      waiting = waiting.filter((message) => !gone.has(message));
      for (const message of done) onDone(message, isDone ? "settled" : "lapsed");
      if (!isDone && waiting.length > 0) await new Promise((goOn) => setTimeout(goOn, TRY_AGAIN_MS));
    }
    running = undefined;
  }

  async function acknowledge(ids: readonly string[]): Promise<boolean> {
    try {
      await log.acknowledge(group, ids);
      return true;
    } catch (error) {
      recorder.fault("acknowledge", error);
      return false;
    }
  }

  return {
    get waiting() {
      return waiting.length;
    },
    add(message) {
      waiting.push(message);
      running ??= acknowledgeAll();
    },
    idle: async () => running,
  };
}
