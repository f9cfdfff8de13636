import { createHash, createHmac } from "node:crypto";
import { macMatches } from "../certificate/mac.ts";
import { Secret } from "../certificate/secret.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { OperatorSessionRecord, OperatorSessionStore } from "../ports/operator-session-store.ts";
import type { OperatorSessions } from "./contracts.ts";

const TOKEN_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;
/** A sign of life that is younger than this is not worth a write. */
const COALESCED_MS = 60_000;

/** How long sessions of operators last, in milliseconds. */
export interface OperatorSessionLife {
  /** Without a request. At least two minutes: when a session was seen last is known to the minute. */
  readonly idleMs: number;
  /** At the most. */
  readonly absoluteMs: number;
}

/** Sessions of operators over their store, which knows only the hash of a token. */
export function createOperatorSessions(
  { operatorSessions: store, clock, random }: SessionDeps,
  { idleMs, absoluteMs }: OperatorSessionLife,
): OperatorSessions {
  const isOver = ({ createdAtMs, seenAtMs }: OperatorSessionRecord, nowMs: number) =>
    nowMs >= createdAtMs + absoluteMs || nowMs >= seenAtMs + idleMs;

  return {
    async open({ keyId }, digest, peer) {
      const token = random.bytes(TOKEN_BYTES).toString("base64url");
      const tokenHash = hashOf(token);
      const nowMs = clock.nowMs();
      await store.insert(
        {
          tokenHash,
          keyId,
          keyTag: tagOf(tokenHash, digest).toString("hex"),
          createdAtMs: nowMs,
          seenAtMs: nowMs,
          peer,
        },
        { createdBeforeMs: nowMs - absoluteMs, seenBeforeMs: nowMs - idleMs },
      );
      return new Secret(token, "OperatorSessionToken");
    },
    async resume(token, { quietly = false } = {}) {
      if (!TOKEN.test(token)) return undefined;
      const session = await store.find(hashOf(token));
      const nowMs = clock.nowMs();
      if (!session || isOver(session, nowMs)) return undefined;
      if (!quietly && nowMs - session.seenAtMs >= COALESCED_MS) await store.touch(session.tokenHash, nowMs);
      const { keyId, createdAtMs, tokenHash } = session;
      const tag = Buffer.from(session.keyTag, "hex");
      return {
        keyId,
        createdAtMs,
        expiresAtMs: createdAtMs + absoluteMs,
        isOf: (digests) => digests.some((digest) => macMatches(tag, tagOf(tokenHash, digest))),
      };
    },
    close: async (token) => TOKEN.test(token) && store.remove(hashOf(token)),
    closeAll: (keyId) => store.removeOfKey(keyId),
  };
}

interface SessionDeps {
  readonly operatorSessions: OperatorSessionStore;
  readonly clock: Clock;
  readonly random: Random;
}

/** The token is random, so a plain hash is enough. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/**
 * Ties a session to the key that opened it: a key that was rotated, or set anew, has another digest. Not the digest itself, since a key that a
 * person chose could be guessed from it for every session at once.
 */
function tagOf(tokenHash: string, digest: Buffer): Buffer {
  return createHmac("sha256", digest).update(tokenHash).digest();
}
