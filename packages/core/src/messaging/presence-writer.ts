import { deviceKey } from "../certificate/names.ts";
import type { DeviceRegistry, PresenceChange } from "../ports/device-registry.ts";

/** Most devices of one write. */
const CHUNK = 1_000;

/** Writes presence behind the logins that cause it. */
export interface PresenceWriter {
  /** Takes a change. Of one device only the newest coming and the newest going are written. */
  note(change: PresenceChange): void;
  /** Writes what was taken. A failed write is taken again, unless something newer came meanwhile. @throws what the registry throws. */
  flush(): Promise<void>;
}

/** The newest of each kind: a connection that was open and shut between two writes must still show when it was last online. */
interface Waiting {
  readonly coming?: PresenceChange;
  readonly going?: PresenceChange;
}

/** Makes a writer; its owner calls `flush` now and then, and at the end. */
export function createPresenceWriter(registry: Pick<DeviceRegistry, "savePresence">): PresenceWriter {
  const waiting = new Map<string, Waiting>();

  function note(change: PresenceChange): void {
    const key = deviceKey(change.device);
    const known = waiting.get(key) ?? {};
    const kind = change.online ? "coming" : "going";
    if ((known[kind]?.epoch ?? Number.NEGATIVE_INFINITY) < change.epoch) waiting.set(key, { ...known, [kind]: change });
  }

  return {
    note,
    async flush() {
      while (waiting.size > 0) {
        const chunk = [...waiting].slice(0, CHUNK);
        for (const [key] of chunk) waiting.delete(key);
        const changes = chunk.flatMap(([, each]) => inOrder(each));
        try {
          await registry.savePresence(changes);
        } catch (error) {
          for (const change of changes) note(change);
          throw error;
        }
      }
    },
  };
}

/** Oldest first; within one connection, coming before going. */
function inOrder({ coming, going }: Waiting): readonly PresenceChange[] {
  const changes = [coming, going].filter((change) => change !== undefined);
  return changes.toSorted((one, other) => one.epoch - other.epoch);
}
