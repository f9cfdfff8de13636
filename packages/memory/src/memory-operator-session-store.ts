import type { OperatorSessionRecord, OperatorSessionStore } from "@trine/core/ports";

/** Keeps sessions of operators until the process ends. For tests. */
export function createMemoryOperatorSessionStore(): OperatorSessionStore {
  const sessions = new Map<string, OperatorSessionRecord>();

  /** @returns how many were dropped. */
  function drop(isOver: (session: OperatorSessionRecord) => boolean): number {
    const over = [...sessions.values()].filter(isOver);
    for (const { tokenHash } of over) sessions.delete(tokenHash);
    return over.length;
  }

  return {
    async insert(session, { createdBeforeMs, seenBeforeMs }) {
      drop(({ createdAtMs, seenAtMs }) => createdAtMs < createdBeforeMs || seenAtMs < seenBeforeMs);
      sessions.set(session.tokenHash, session);
    },
    find: async (tokenHash) => sessions.get(tokenHash),
    async touch(tokenHash, seenAtMs) {
      const session = sessions.get(tokenHash);
      if (session && seenAtMs > session.seenAtMs) sessions.set(tokenHash, { ...session, seenAtMs });
    },
    remove: async (tokenHash) => sessions.delete(tokenHash),
    removeOfKey: async (keyId) => drop((session) => session.keyId === keyId),
  };
}
