import type { Counts } from "./messages.ts";

/** Counts by name, told from time to time: a flood must not become a flood of messages. */
export interface Counters {
  handshake(outcome: string): void;
  dropped(reason: string): void;
  /** What was counted since the last time; nothing when nothing was. */
  take(): Counts | undefined;
}

/** Makes counters at zero. */
export function createCounters(): Counters {
  let handshakes: Record<string, number> = {};
  let dropped: Record<string, number> = {};
  return {
    handshake(outcome) {
      handshakes[outcome] = (handshakes[outcome] ?? 0) + 1;
    },
    dropped(reason) {
      dropped[reason] = (dropped[reason] ?? 0) + 1;
    },
    take() {
      const counts = { handshakes, dropped };
      if (Object.keys(handshakes).length + Object.keys(dropped).length === 0) return undefined;
      handshakes = {};
      dropped = {};
      return counts;
    },
  };
}
