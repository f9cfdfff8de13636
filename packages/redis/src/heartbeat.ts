/** Learns from messages that a process sends to itself whether it receives, and whether it missed any. */
export interface Heartbeat {
  /** Sends beats until the signal aborts. Resolves when the first one came back. @throws when it does not, within `silenceMs`. */
  start(signal: AbortSignal): Promise<void>;
  /** Notes a beat that came back. */
  heard(beat: number): void;
  /** Notes that the connection is lost, before silence shows it. */
  lost(): void;
  isAlive(): boolean;
}

/**
 * @param send sends one beat; it may fail.
 * @param onInterruption is called when something may have been missed, once until beats come back.
 * @param onSilence is called when beats stay away, again after each further `silenceMs`: the connection may be dead without saying so.
 */
export function createHeartbeat({
  send,
  onInterruption,
  onSilence,
  intervalMs,
  silenceMs,
}: {
  send: (beat: number) => Promise<unknown>;
  onInterruption: () => void;
  onSilence: () => void;
  intervalMs: number;
  silenceMs: number;
}): Heartbeat {
  let sent = 0;
  let lastHeard = 0;
  let heardAt = Number.NEGATIVE_INFINITY;
  let silenceToldAt = Number.NEGATIVE_INFINITY;
  let interrupted = true;
  let onFirst: (() => void) | undefined;

  function interrupt(): void {
    if (!interrupted) onInterruption();
    interrupted = true;
  }
  const isSilent = () => performance.now() - heardAt > silenceMs;

  function beat(): void {
    const now = performance.now();
    if (now - Math.max(heardAt, silenceToldAt) > silenceMs) {
      interrupt();
      silenceToldAt = now;
      onSilence();
    }
    sent += 1;
    // A beat that could not be sent is one that does not come back.
    send(sent).catch(() => undefined);
  }

  function awaitFirst(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("Redis does not deliver messages")), silenceMs);
      onFirst = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    async start(signal) {
      const first = awaitFirst();
      silenceToldAt = performance.now();
      beat();
      const timer = setInterval(beat, intervalMs);
      signal.addEventListener("abort", () => clearInterval(timer), { once: true });
      try {
        await first;
      } catch (error) {
        clearInterval(timer);
        throw error;
      }
    },
    heard(number) {
      // A gap means that something else may be missing as well.
      if (number > lastHeard + 1) interrupt();
      lastHeard = Math.max(lastHeard, number);
      heardAt = performance.now();
      interrupted = false;
      onFirst?.();
      onFirst = undefined;
    },
    lost: interrupt,
    isAlive: () => !interrupted && !isSilent(),
  };
}
