import type { AccessKeys, Grant } from "@trine/core/access";
import type { Clock, Recorder } from "@trine/core/ports";

/** A connection that stands on an access key. */
export interface KeyUse {
  readonly accessKeyId: string;
  readonly grant: Grant;
  end(code: "access_ended" | "unavailable"): void;
}

/** Ends connections whose key is not any more what it was when they came. */
export interface AccessWatch {
  /** @returns the way out. */
  add(use: KeyUse): () => void;
  stop(): void;
}

/** A key that is revoked or limited ends its connections within this time, as it ends a read that waits at the REST API. */
const LOOK_MS = 2_000;
/** While the store does not answer, keys are believed for so long. */
const BELIEVED_MS = 10_000;

/** Starts to look at the keys of open connections, each once in a while, however many connections it has. */
export function startAccessWatch(deps: {
  accessKeys: Pick<AccessKeys, "find">;
  clock: Pick<Clock, "monotonicMs">;
  recorder: Pick<Recorder, "fault">;
}): AccessWatch {
  const { accessKeys, clock, recorder } = deps;
  const usesByKey = new Map<string, { uses: Set<KeyUse>; knownAtMs: number }>();
  let isLooking = false;

  async function look(accessKeyId: string): Promise<void> {
    const known = usesByKey.get(accessKeyId);
    if (!known) return;
    try {
      const key = await accessKeys.find(accessKeyId);
      known.knownAtMs = clock.monotonicMs();
      for (const use of [...known.uses]) if (!key || !isSame(key, use.grant)) use.end("access_ended");
    } catch (error) {
      recorder.fault("access", error);
      if (clock.monotonicMs() - known.knownAtMs < BELIEVED_MS) return;
      for (const use of [...known.uses]) use.end("unavailable");
    }
  }

  async function lookAtAll(): Promise<void> {
    if (isLooking) return;
    isLooking = true;
    for (const accessKeyId of [...usesByKey.keys()]) await look(accessKeyId);
    isLooking = false;
  }

  const looking = setInterval(() => void lookAtAll(), LOOK_MS);
  return {
    add(use) {
      const known = usesByKey.get(use.accessKeyId) ?? { uses: new Set(), knownAtMs: clock.monotonicMs() };
      usesByKey.set(use.accessKeyId, known);
      known.uses.add(use);
      return () => {
        known.uses.delete(use);
        if (known.uses.size === 0 && usesByKey.get(use.accessKeyId) === known) usesByKey.delete(use.accessKeyId);
      };
    },
    stop: () => clearInterval(looking),
  };
}

function isSame(now: Grant, then: Grant): boolean {
  return now.role === then.role && String(now.products) === String(then.products);
}
