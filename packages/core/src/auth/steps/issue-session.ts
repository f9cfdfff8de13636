import { derivePayloadKey } from "../../certificate/payload-key.ts";
import type { Secret } from "../../certificate/secret.ts";
import type { Random } from "../../ports/clock.ts";
import type { AuthDeps } from "../auth-deps.ts";
import { NO_SECRET_VERSION, type Sealing, type Session } from "../session.ts";
import { drawSessionToken, hashSessionToken } from "../session-token.ts";
import type { ProvenAttempt } from "./proven-attempt.ts";

// A divisor of 65 536, so that each offset is as likely as the others.
const SEQ_OFFSETS = 1_024;

/**
 * Issues the session: as a value for a connection, and for a token stored under the token's hash.
 */
export async function issueSession(proven: ProvenAttempt, activatedNow: boolean, deps: AuthDeps): Promise<Session> {
  const { attempt, credentials } = proven;
  const { device, iotId, product } = credentials;
  const { random, clock, settings, sessions } = deps;
  const { transport, peer } = attempt;
  const proof = proofOf(proven);
  const sessionId = random.bytes(8).toString("hex");
  const clientId = "signed" in attempt ? attempt.signed["clientId"] : undefined;
  const session: Session = {
    sessionId,
    device,
    iotId,
    ...proof,
    transport,
    peer,
    ...(clientId === undefined ? {} : { clientId }),
    product,
    activatedNow,
  };
  if (attempt.keep === "connection") return session;

  const { policyVersion } = product;
  const token = drawSessionToken(random);
  const createdAtMs = clock.nowMs();
  const expiresAtMs = Math.min(createdAtMs + settings.sessionTtlMs, proof.x509?.notAfterMs ?? Number.POSITIVE_INFINITY);
  const sealing = "secret" in proven && proven.attempt.sealedPayloads ? drawSealing(random, proven.secret) : undefined;
  await sessions.save(
    hashSessionToken(token.reveal()),
    {
      sessionId,
      device,
      iotId,
      ...proof,
      ...(policyVersion === undefined ? {} : { policyVersion }),
      transport,
      createdAtMs,
      expiresAtMs,
      ...(sealing ? { sealing: { random: sealing.random, seqOffset: sealing.seqOffset } } : {}),
    },
    settings.maxSessionsPerDevice,
  );
  return { ...session, token: { text: token, expiresAtMs }, ...(sealing ? { sealing } : {}) };
}

/** What the session is judged by later, of how the device proved itself. */
function proofOf(proven: ProvenAttempt): Pick<Session, "secretVersion" | "x509"> {
  if ("secret" in proven) return { secretVersion: proven.secretVersion };
  const { certificate, credentials } = proven;
  const { fingerprint, notAfterMs } = certificate;
  return {
    secretVersion: NO_SECRET_VERSION,
    x509: { fingerprint, notAfterMs, x509Version: credentials.x509Version ?? 0 },
  };
}

/** wire-format 5.2: 16 hex characters, and a small positive number to count from. */
function drawSealing(random: Random, secret: Secret): Sealing {
  const bytes = random.bytes(10);
  const text = bytes.subarray(0, 8).toString("hex");
  return { random: text, seqOffset: 1 + (bytes.readUInt16BE(8) % SEQ_OFFSETS), key: derivePayloadKey(secret, text) };
}
