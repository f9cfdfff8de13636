import { type AccessKeyHolder, type AccessKeys, digestOfKey, type SignInDelays } from "@trine/core/access";
import type { AuditLog, Clock, Recorder } from "@trine/core/ports";
import { TRANSPORT } from "../transport.ts";
import { parseUsername, type Username } from "./parse-username.ts";
import { type AccessRefusal, isAccessRefusal, refuseAccess, type SignInCode } from "./refuse-access.ts";
import type { PlainCredentials } from "./sasl.ts";
import { verifyUsername } from "./verify-username.ts";

/** An application that proved who it is. */
export interface SignedIn {
  readonly username: Username;
  readonly key: AccessKeyHolder;
}

/** Finds out who shows credentials. */
export interface Gate {
  /** Never throws: a fault is `unavailable`, already recorded. */
  judge(credentials: PlainCredentials, peer: string): Promise<SignedIn | AccessRefusal<SignInCode>>;
}

export interface GateDeps {
  readonly accessKeys: Pick<AccessKeys, "find">;
  readonly delays: SignInDelays;
  readonly audit: AuditLog;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** How far a timestamp may be off, in milliseconds; 0: any is taken. */
  readonly windowMs: number;
}

/** Makes the gate: who shows wrong credentials too often waits, as at the REST API, and is written down when that begins. */
export function createGate(deps: GateDeps): Gate {
  const { delays, audit, recorder, clock } = deps;

  async function decide({ username, password }: PlainCredentials, peer: string) {
    const digest = digestOfKey(`${username}\0${password}`);
    if (delays.waitMs(peer, digest) > 0) return refuseAccess("held_up", "too many wrong credentials from there");
    const parsed = parseUsername(username);
    const key = isAccessRefusal(parsed)
      ? parsed
      : await verifyUsername(parsed, password, { ...deps, nowMs: clock.nowMs });
    if (isAccessRefusal(key)) {
      if (key.code !== "stale" && delays.noteWrong(peer)) await noteHeldUp(peer);
      return key;
    }
    delays.noteRight(peer, digest);
    key.noteUse(peer);
    return { username: parsed as Username, key };
  }

  async function noteHeldUp(peer: string): Promise<void> {
    const detail = { reason: "wrong_credentials", transport: TRANSPORT };
    await audit.record({
      atMs: clock.nowMs(),
      actor: "unknown",
      action: "access.held_up",
      target: peer,
      detail,
      peer,
    });
  }

  return {
    async judge(credentials, peer) {
      const startedMs = clock.monotonicMs();
      const outcome = await decide(credentials, peer).catch((error: unknown) => {
        recorder.fault("access", error);
        return refuseAccess("unavailable", "fault");
      });
      const { code, why } = isAccessRefusal(outcome) ? outcome : { code: "ok", why: undefined };
      const ms = clock.monotonicMs() - startedMs;
      recorder.loginDecided({ transport: TRANSPORT, peer, code, ms, ...(why === undefined ? {} : { why }) });
      return outcome;
    },
  };
}
