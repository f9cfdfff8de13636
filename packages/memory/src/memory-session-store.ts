import { deviceKey } from "@trine/core/certificate";
import type { Clock, SessionRecord, SessionStore } from "@trine/core/ports";

type Attempt = Parameters<SessionStore["takeSequence"]>[2];
type SequenceAnswer = Awaited<ReturnType<SessionStore["takeSequence"]>>;

interface Entry {
  readonly record: SessionRecord;
  /** Numbers that were taken, of those that the window still covers. */
  readonly taken: Map<number, { origin: string; messageId: string; repeatUntilMs: number }>;
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
      sessions.set(tokenHash, { record, taken: new Map() });
      for (const oldest of [...hashes].slice(0, Math.max(0, hashes.size - maxPerDevice))) {
        hashes.delete(oldest);
        sessions.delete(oldest);
      }
    },
    async find(tokenHash) {
      return sessions.get(tokenHash)?.record;
    },
    async takeSequence(tokenHash, seq, attempt) {
      const session = sessions.get(tokenHash);
      return session ? takeSequence(session, seq, attempt, clock.nowMs()) : { outcome: "no_session" };
    },
    async revokeDevice(device, { minSecretVersion = Number.POSITIVE_INFINITY } = {}) {
      const hashes = byDevice.get(deviceKey(device)) ?? new Set();
      let alive = 0;
      for (const hash of [...hashes]) {
        if ((sessions.get(hash)?.record.secretVersion ?? 0) >= minSecretVersion) continue;
        hashes.delete(hash);
        if ((sessions.get(hash)?.record.expiresAtMs ?? 0) > clock.nowMs()) alive += 1;
        sessions.delete(hash);
      }
      return alive;
    },
  };
}

function takeSequence({ record, taken }: Entry, seq: number, attempt: Attempt, nowMs: number): SequenceAnswer {
  const before = taken.get(seq);
  if (before) {
    const isSame = before.origin === attempt.origin && nowMs < before.repeatUntilMs;
    return isSame ? { outcome: "repeated", messageId: before.messageId } : { outcome: "replayed" };
  }
  const highest = Math.max(...taken.keys());
  const lowest = Math.max(record.sealing?.seqOffset ?? 0, highest - attempt.window + 1);
  if (seq < lowest) return { outcome: "replayed" };
  const { origin, messageId, repeatMs } = attempt;
  taken.set(seq, { origin, messageId, repeatUntilMs: nowMs + repeatMs });
  for (const old of taken.keys()) if (old <= seq - attempt.window) taken.delete(old);
  return { outcome: "taken", messageId };
}
