import { digestOfKey, type KeyHolder, type SignInDelays } from "@trine/core/access";
import type { Operators } from "@trine/core/platform";
import type { FastifyRequest } from "fastify";
import { ProblemError } from "../problem-reply.ts";
import type { Caller } from "./caller.ts";
import { checkForgery, csrfTokenOf } from "./check-origin.ts";
import type { Keyring } from "./keyring.ts";
import { peerOf } from "./peer-of.ts";
import { sessionTokenOf } from "./session-cookie.ts";

/** Finds out who sends requests. */
export interface Gate {
  /**
   * The caller, by the key or the session that the request brings; a key wins.
   *
   * @throws ProblemError 401 or 429 for a caller that is nobody, 403 for a request that another site made.
   */
  admit(request: FastifyRequest): Promise<Caller>;
  /** The holder of a key that is shown, and its digest. @throws ProblemError 401 or 429. */
  checkKey(text: string, peer: string): Promise<{ holder: KeyHolder; digest: Buffer }>;
}

interface GateDeps {
  readonly keyring: Keyring;
  readonly operators: Pick<Operators, "operatorSessions">;
  readonly delays: SignInDelays;
  readonly noteWrong: (peer: string) => Promise<void>;
}

/** Makes the gate. It remembers nothing of a key or a session: both are looked up at every request, so a revocation holds from the next one on. */
export function createGate({ keyring, operators: { operatorSessions }, delays, noteWrong }: GateDeps): Gate {
  const checkKey: Gate["checkKey"] = async (text, peer) => {
    // The address first: nothing is looked up for one that has to wait.
    const waitMs = delays.waitMs(peer, digestOfKey(text));
    if (waitMs > 0) throw heldUp(waitMs);
    const verified = await keyring.verify(text, peer);
    if (typeof verified === "object") {
      delays.noteRight(peer, verified.digest);
      return verified;
    }
    if (verified === "expired") throw unauthorized("key_expired", "The API key has expired", "ask for a new one");
    await noteWrong(peer);
    throw unauthorized("key_wrong", "The API key is wrong", HOW_TO_SEND_A_KEY);
  };

  /** @throws ProblemError 401 for a session that is over, or whose key is not the one any more that opened it. */
  async function callerOfSession(token: string, quietly = false): Promise<Caller> {
    const session = await operatorSessions.resume(token, { quietly });
    const holder = session && (await keyring.holder(session.keyId));
    if (!session || !holder || !session.isOf(holder.digests))
      throw unauthorized("session_over", "The session is over", "sign in again: POST /v1/session");
    const { expiresAtMs } = session;
    return {
      ...callerFor(holder, () => callerOfSession(token, true)),
      session: { token, csrfToken: csrfTokenOf(token), expiresAtMs },
    };
  }

  async function callerOfKey(text: string, peer: string): Promise<Caller> {
    const { holder } = await checkKey(text, peer);
    return callerFor(holder, () => callerOfKey(text, peer));
  }

  return {
    async admit(request) {
      const key = bearerOf(request);
      if (key !== undefined) return callerOfKey(key, peerOf(request));
      const token = sessionTokenOf(request);
      if (token === undefined) throw unauthorized("key_missing", "An API key is needed", HOW_TO_SEND_A_KEY);
      checkForgery(request, csrfTokenOf(token));
      return callerOfSession(token);
    },
    checkKey,
  };
}

const HOW_TO_SEND_A_KEY =
  "send Authorization: Bearer KEY; keys are made by trine api-keys create, and the first one stands in admin-key in the data folder or in TRINE_ADMIN_KEY";

function bearerOf({ headers: { authorization = "" } }: FastifyRequest): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization)?.[1];
}

function callerFor({ keyId, name, role, products }: KeyHolder, again: () => Promise<Caller>): Caller {
  const grant = { keyId, name, role, ...(products ? { products } : {}) };
  return {
    ...grant,
    async stillHolds() {
      const now = await again().catch((error: unknown) => {
        if (error instanceof ProblemError) return undefined;
        throw error;
      });
      return now !== undefined && now.role === role && String(now.products) === String(products);
    },
  };
}

function unauthorized(code: string, title: string, detail: string): ProblemError {
  return new ProblemError({ status: 401, code, title, detail });
}

function heldUp(waitMs: number): ProblemError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new ProblemError({
    status: 429,
    code: "too_many_wrong_keys",
    title: "Too many wrong keys came from this address",
    detail: `try again in ${seconds} s; from another address a right key works now`,
    retryAfterSeconds: seconds,
  });
}
