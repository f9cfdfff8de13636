import { deviceKey } from "../certificate/names.ts";
import type { DeviceRegistry, PresenceChange } from "../ports/device-registry.ts";

/** Most changes of one write. */
const CHUNK = 1_000;

/** Writes presence behind the logins that cause it. */
export interface PresenceWriter {
  /** Takes a change; of one device only the newest is written. */
  note(change: PresenceChange): void;
  /** Writes what was taken. A failed write is taken again, unless something newer came meanwhile. @throws what the registry throws. */
  flush(): Promise<void>;
}

/** Makes a writer; its owner calls `flush` now and then, and at the end. */
export function createPresenceWriter(registry: Pick<DeviceRegistry, "savePresence">): PresenceWriter {
  const waiting = new Map<string, PresenceChange>();

  function note(change: PresenceChange): void {
    const key = deviceKey(change.device);
    const known = waiting.get(key);
    // An offline carries the epoch of its online and comes later.
    if (!known || change.epoch >= known.epoch) waiting.set(key, change);
  }

  return {
    note,
    async flush() {
      while (waiting.size > 0) {
        const chunk = [...waiting.values()].slice(0, CHUNK);
        for (const { device } of chunk) waiting.delete(deviceKey(device));
        try {
          await registry.savePresence(chunk);
        } catch (error) {
          for (const change of chunk) if (!waiting.has(deviceKey(change.device))) note(change);
          throw error;
        }
      }
    },
  };
}
