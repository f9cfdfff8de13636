import type { Session } from "../../auth/session.ts";
import { type DeviceRef, deviceKey } from "../../certificate/names.ts";
import type { Clock } from "../../ports/clock.ts";
import type { RevocationTarget } from "../../ports/control-bus.ts";
import type { DeviceDirectory } from "../../ports/device-directory.ts";
import type { Recorder } from "../../ports/recorder.ts";
import type { SessionHolder } from "../contracts.ts";

/** How long the directory sends hints about a device here, without being asked again. */
const ANNOUNCED_MS = 120_000;

/** An announcement that ends sooner than this is renewed while somebody watches. */
const RENEW_BELOW_MS = 60_000;

/** Who wants to know of messages for a device. */
export interface Watcher {
  look(): void;
  end(why: string): void;
}

/** Those who watch mailboxes on this node. */
export interface InboxWatchers {
  readonly holder: SessionHolder;
  /** @returns the way out. */
  add(session: Session, watcher: Watcher): () => void;
  /**
   * Has hints about the device come here for `forMs` at least.
   * @returns whether that is news: a hint before it was not for this node.
   * @throws when the directory cannot answer.
   */
  announce(device: DeviceRef, forMs: number): Promise<boolean>;
  /** Renews what would end soon. */
  keep(): void;
}

interface Entry {
  readonly session: Session;
  readonly watcher: Watcher;
}

/** Makes an empty set. An announcement outlives its watcher for a while, so that a device that polls again and again costs one now and then. */
export function createInboxWatchers(deps: {
  nodeId: string;
  directory: Pick<DeviceDirectory, "watch">;
  clock: Clock;
  recorder: Recorder;
}): InboxWatchers {
  const { nodeId, directory, clock, recorder } = deps;
  const entries = new Map<string, Set<Entry>>();
  const announced = new Map<string, number>();

  const leftMs = (key: string) => (announced.get(key) ?? Number.NEGATIVE_INFINITY) - clock.monotonicMs();

  async function announce(device: DeviceRef, forMs: number): Promise<boolean> {
    const key = deviceKey(device);
    if (leftMs(key) > forMs) return false;
    const isNews = leftMs(key) <= 0;
    const endsAt = clock.monotonicMs() + ANNOUNCED_MS;
    await directory.watch(device, nodeId, ANNOUNCED_MS);
    announced.set(key, endsAt);
    return isNews;
  }

  function remove(key: string, entry: Entry): void {
    const known = entries.get(key);
    known?.delete(entry);
    if (known?.size === 0) entries.delete(key);
  }

  function matching(target: RevocationTarget): readonly Entry[] {
    if ("device" in target) return [...(entries.get(deviceKey(target.device)) ?? [])];
    const prefix = `${target.productKey}/`;
    return [...entries].flatMap(([key, known]) => (key.startsWith(prefix) ? [...known] : []));
  }

  function endAll(ending: readonly Entry[], why: string): number {
    for (const entry of ending) {
      remove(deviceKey(entry.session.device), entry);
      entry.watcher.end(why);
    }
    return ending.length;
  }

  const all = () => [...entries.values()].flatMap((known) => [...known]);

  return {
    announce,
    add(session, watcher) {
      const key = deviceKey(session.device);
      const entry = { session, watcher };
      entries.set(key, (entries.get(key) ?? new Set<Entry>()).add(entry));
      return () => remove(key, entry);
    },
    keep() {
      for (const [key, [first]] of entries) {
        if (!first || leftMs(key) > RENEW_BELOW_MS) continue;
        announce(first.session.device, RENEW_BELOW_MS).catch((error: unknown) => recorder.fault("inbox", error));
      }
      for (const [key] of announced) if (leftMs(key) <= 0 && !entries.has(key)) announced.delete(key);
    },
    holder: {
      close: async (target, { minSecretVersion = Number.POSITIVE_INFINITY } = {}) =>
        endAll(
          matching(target).filter(({ session }) => session.secretVersion < minSecretVersion),
          "revoked",
        ),
      closeAll: (why) => endAll(all(), why),
      // Fetching is no connection: any number of sessions may do it beside one.
      closeOlder: async () => 0,
      held: () => [],
      wake(device) {
        for (const { watcher } of [...(entries.get(deviceKey(device)) ?? [])]) watcher.look();
      },
      wakeAll() {
        for (const { watcher } of all()) watcher.look();
      },
      deliver: () => false,
    },
  };
}
