import type { AuthDeps } from "../auth-deps.ts";
import { isRefusal, type Refusal } from "../refusal.ts";
import { findCertified } from "./find-certified.ts";
import { type ProvenX509, verifyX509 } from "./verify-x509.ts";

/**
 * Remembers a certificate at its first use, so that operators see it, are warned of its end and can revoke it.
 *
 * Then it is judged once more, by what stands after that: a revocation either found it in the store, or is found here.
 */
export async function noteFirstUse(proven: ProvenX509, deps: AuthDeps): Promise<Refusal | undefined> {
  if (!proven.isFirstUse) return undefined;
  const { attempt, certificate, credentials, origin, issuer } = proven;
  const { device, iotId } = credentials;
  const { fingerprint, serialNumber, subject, notBeforeMs, notAfterMs } = certificate;
  const nowMs = deps.clock.nowMs();
  await deps.x509.noteFirstUse({
    fingerprint,
    device,
    origin,
    seen: { subject: subject.text, serialNumber, notBeforeMs, notAfterMs },
    ...(issuer ? { issuerKeyHash: issuer.keyHash } : {}),
    ...(issuer && issuer.intermediates.length > 0 ? { intermediates: issuer.intermediates } : {}),
    createdAtMs: nowMs,
    firstUsedAtMs: nowMs,
  });
  const again = verifyX509(await findCertified(attempt, deps), deps);
  if (isRefusal(again)) return again;
  const detail = { fingerprint, subject: subject.text, notAfter: new Date(notAfterMs).toISOString() };
  deps.notes.note({ device, iotId, kind: "x509_first_used", atMs: nowMs, detail });
  return undefined;
}
