import { deviceKey } from "@trine/core/certificate";
import type { Clock, SessionRecord, SessionStore } from "@trine/core/ports";

interface Entry {
  readonly record: SessionRecord;
  highest: number;
  /** Numbers that were taken, of those that the window still covers. */
  readonly taken: Set<number>;
}

/** Keeps sessions until the process ends. For tests. */
export function createMemorySessionStore({ clock }: { clock: Clock }): SessionStore {
  const sessions = new Map<string, Entry>();
  /** Token hashes of each device, oldest first. */
  const byDevice = new Map<string, Set<string>>();

  return {
    async save(tokenHash, record, maxPerDevice) {
      const key = deviceKey(record.device);
      const hashes = byDevice.get(key) ?? new Set<string>();
      byDevice.set(key, hashes.add(tokenHash));
      sessions.set(tokenHash, { record, highest: Number.NEGATIVE_INFINITY, taken: new Set() });
      for (const oldest of [...hashes].slice(0, Math.max(0, hashes.size - maxPerDevice))) {
        hashes.delete(oldest);
        sessions.delete(oldest);
      }
    },
    async find(tokenHash) {
      return sessions.get(tokenHash)?.record;
    },
    async takeSequence(tokenHash, seq, window) {
      const session = sessions.get(tokenHash);
      return session ? takeSequence(session, seq, window) : "no_session";
    },
    async revokeDevice(device) {
      const hashes = byDevice.get(deviceKey(device)) ?? new Set();
      byDevice.delete(deviceKey(device));
      let alive = 0;
      for (const hash of hashes) {
        if ((sessions.get(hash)?.record.expiresAtMs ?? 0) > clock.nowMs()) alive += 1;
        sessions.delete(hash);
      }
      return alive;
    },
  };
}

function takeSequence(session: Entry, seq: number, window: number): "taken" | "replayed" {
  const { record, taken } = session;
  const lowest = Math.max(record.sealing?.seqOffset ?? 0, session.highest - window + 1);
  if (seq < lowest || taken.has(seq)) return "replayed";
  taken.add(seq);
  session.highest = Math.max(session.highest, seq);
  for (const old of taken) if (old <= session.highest - window) taken.delete(old);
  return "taken";
}
