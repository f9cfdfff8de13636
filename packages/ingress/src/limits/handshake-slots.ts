/** Places for handshakes that are under way at the same time. */
export interface HandshakeSlots {
  /**
   * Waits for a place, first come first served; but an address that holds its share of all places waits for one of its own to come free, so
   * that it cannot keep everybody else out.
   *
   * @returns what gives the place back, or `undefined` when `signal` called it off.
   */
  take(address: string, signal: AbortSignal): Promise<(() => void) | undefined>;
}

interface Waiting {
  readonly address: string;
  admit(): void;
}

/** Of all places, how large a part one address may hold. */
const SHARE = 1 / 4;

/**
 * @param most places.
 * @param onChange hears how many are taken.
 */
export function createHandshakeSlots(most: number, onChange: (taken: number) => void): HandshakeSlots {
  const mostOfOne = Math.max(1, Math.floor(most * SHARE));
  const holders = new Map<string, number>();
  const queue = new Set<Waiting>();
  let taken = 0;

  const held = (address: string) => holders.get(address) ?? 0;
  const isFree = (address: string) => taken < most && held(address) < mostOfOne;

  function change(address: string, by: 1 | -1): void {
    taken += by;
    const left = held(address) + by;
    if (left > 0) holders.set(address, left);
    else holders.delete(address);
    onChange(taken);
  }

  function hold(address: string): () => void {
    change(address, 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      change(address, -1);
      admitNext();
    };
  }

  function admitNext(): void {
    for (const waiting of queue) {
      if (taken >= most) return;
      if (!isFree(waiting.address)) continue;
      queue.delete(waiting);
      waiting.admit();
    }
  }

  return {
    take(address, signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      if (isFree(address)) return Promise.resolve(hold(address));
      return new Promise((done) => {
        const giveUp = () => {
          queue.delete(waiting);
          done(undefined);
        };
        const waiting: Waiting = {
          address,
          admit() {
            signal.removeEventListener("abort", giveUp);
            done(hold(address));
          },
        };
        queue.add(waiting);
        signal.addEventListener("abort", giveUp, { once: true });
      });
    },
  };
}
