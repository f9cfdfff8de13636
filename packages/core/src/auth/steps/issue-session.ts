import { derivePayloadKey } from "../../certificate/payload-key.ts";
import type { Random } from "../../ports/clock.ts";
import type { AuthDeps } from "../auth-deps.ts";
import type { Session } from "../session.ts";
import { drawSessionToken, hashSessionToken } from "../session-token.ts";
import type { ProvenAttempt } from "./verify-mac.ts";

// A divisor of 65 536, so that each offset is as likely as the others.
const SEQ_OFFSETS = 1_024;

/**
 * Issues the session: as a value for a connection, and for a token stored under the token's hash.
 */
export async function issueSession(proven: ProvenAttempt, activatedNow: boolean, deps: AuthDeps): Promise<Session> {
  const { attempt, credentials, secret, secretVersion } = proven;
  const { random, clock, settings, sessions } = deps;
  const session: Session = {
    sessionId: random.bytes(8).toString("hex"),
    device: attempt.device,
    iotId: credentials.iotId,
    secretVersion,
    transport: attempt.transport,
    peer: attempt.peer,
    product: credentials.product,
    activatedNow,
  };
  if (attempt.keep === "connection") return session;

  const { policyVersion } = credentials.product;
  const token = drawSessionToken(random);
  const createdAtMs = clock.nowMs();
  const expiresAtMs = createdAtMs + settings.sessionTtlMs;
  const sealing = attempt.sealedPayloads ? drawSealing(random) : undefined;
  await sessions.save(
    hashSessionToken(token.reveal()),
    {
      sessionId: session.sessionId,
      device: attempt.device,
      iotId: credentials.iotId,
      secretVersion,
      ...(policyVersion === undefined ? {} : { policyVersion }),
      transport: attempt.transport,
      createdAtMs,
      expiresAtMs,
      ...(sealing ? { sealing } : {}),
    },
    settings.maxSessionsPerDevice,
  );
  return {
    ...session,
    token: { text: token, expiresAtMs },
    ...(sealing ? { sealing: { ...sealing, key: derivePayloadKey(secret, sealing.random) } } : {}),
  };
}

/** wire-format 5.2: 16 hex characters, and a small positive number to count from. */
function drawSealing(random: Random): { random: string; seqOffset: number } {
  const bytes = random.bytes(10);
  return { random: bytes.subarray(0, 8).toString("hex"), seqOffset: 1 + (bytes.readUInt16BE(8) % SEQ_OFFSETS) };
}
