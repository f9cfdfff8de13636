import { deviceKey } from "../../certificate/names.ts";
import type { DeviceRegistry, DeviceSeen, PresenceChange } from "../../ports/device-registry.ts";

/** Most devices of one write. */
const CHUNK = 1_000;

/** How long a written sign of life stands for later ones of the device. */
const SEEN_EVERY_MS = 60_000;

/** Writes presence behind the logins and messages that cause it. */
export interface PresenceWriter {
  /** Takes a change. Of one device only the newest coming and the newest going are written. */
  note(change: PresenceChange): void;
  /** Takes a sign of life of a device without connection; at most one a minute of each device is written. */
  noteSeen(seen: DeviceSeen): void;
  /** Writes what was taken. A failed write is taken again, unless something newer came meanwhile. @throws what the registry throws. */
  flush(): Promise<void>;
}

/** The newest of each kind: a connection that was open and shut between two writes must still show when it was last online. */
interface Waiting {
  readonly coming?: PresenceChange;
  readonly going?: PresenceChange;
}

/** Makes a writer; its owner calls `flush` now and then, and at the end. */
export function createPresenceWriter(registry: Pick<DeviceRegistry, "savePresence" | "saveSeen">): PresenceWriter {
  const waiting = new Map<string, Waiting>();
  const seenWaiting = new Map<string, DeviceSeen>();
  /** When a sign of life was taken, by device, oldest first. */
  const seenAtMs = new Map<string, number>();

  function note(change: PresenceChange): void {
    const key = deviceKey(change.device);
    const known = waiting.get(key) ?? {};
    const kind = change.online ? "coming" : "going";
    if ((known[kind]?.epoch ?? Number.NEGATIVE_INFINITY) < change.epoch) waiting.set(key, { ...known, [kind]: change });
  }

  /** Forgets what does not keep a later sign of life from being written any more. */
  function forgetSeen(nowMs: number): void {
    for (const [key, atMs] of seenAtMs) {
      if (isSeenLately(atMs, nowMs)) return;
      seenAtMs.delete(key);
    }
  }

  async function flushPresence(): Promise<void> {
    while (waiting.size > 0) {
      const chunk = takeChunk(waiting);
      const changes = chunk.flatMap(([, each]) => inOrder(each));
      try {
        await registry.savePresence(changes);
      } catch (error) {
        for (const change of changes) note(change);
        throw error;
      }
    }
  }

  async function flushSeen(): Promise<void> {
    while (seenWaiting.size > 0) {
      const chunk = takeChunk(seenWaiting);
      try {
        await registry.saveSeen(chunk.map(([, seen]) => seen));
      } catch (error) {
        for (const [key, seen] of chunk) if (!seenWaiting.has(key)) seenWaiting.set(key, seen);
        throw error;
      }
    }
  }

  return {
    note,
    noteSeen(seen) {
      const key = deviceKey(seen.device);
      const before = seenAtMs.get(key);
      if (before !== undefined && isSeenLately(before, seen.atMs)) return;
      forgetSeen(seen.atMs);
      // Deleted first, so that it stands at the end.
      seenAtMs.delete(key);
      seenAtMs.set(key, seen.atMs);
      seenWaiting.set(key, seen);
    },
    async flush() {
      await flushPresence();
      await flushSeen();
    },
  };
}

// A clock that was set back must not silence a device for hours.
function isSeenLately(beforeMs: number, atMs: number): boolean {
  return Math.abs(atMs - beforeMs) < SEEN_EVERY_MS;
}

function takeChunk<T>(map: Map<string, T>): readonly (readonly [string, T])[] {
  const chunk: [string, T][] = [];
  for (const entry of map) {
    if (chunk.length === CHUNK) break;
    chunk.push(entry);
    map.delete(entry[0]);
  }
  return chunk;
}

/** Oldest first; within one connection, coming before going. */
function inOrder({ coming, going }: Waiting): readonly PresenceChange[] {
  const changes = [coming, going].filter((change) => change !== undefined);
  return changes.toSorted((one, other) => one.epoch - other.epoch);
}
