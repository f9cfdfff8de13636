import { deviceKey } from "../../certificate/names.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceCredentials } from "../../ports/device-registry.ts";
import type { X509Origin, X509Standing } from "../../ports/x509-store.ts";
import { findIssuer, type X509Issuer } from "../../x509/find-issuer.ts";
import { parseX509, type X509Facts } from "../../x509/parse-x509.ts";
import { whyUnfit } from "../../x509/why-unfit.ts";
import type { X509Attempt } from "../attempt.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { CertifiedAttempt } from "./find-certified.ts";

/** An attempt whose certificate is the device's. Only `verifyX509` makes one, so a later step cannot run before it. */
export interface ProvenX509 {
  readonly attempt: X509Attempt;
  readonly credentials: DeviceCredentials;
  readonly certificate: X509Facts;
  readonly origin: X509Origin;
  /** Who signed it, if it is known. */
  readonly issuer?: X509Issuer;
  readonly isFirstUse: boolean;
}

/**
 * Verifies that the certificate is the device's: it is bound to it, or names it and comes from a CA of its product; and that it holds now and
 * is not revoked. Whatever is wrong, its sender is told the same as with a wrong MAC.
 */
export function verifyX509(known: CertifiedAttempt, { clock }: { clock: Clock }): ProvenX509 | Refusal {
  const { attempt, certificate, standing, credentials } = known;
  if (!certificate) return refuse("bad_credentials", "the certificate cannot be read");
  if (!credentials) return refuse("bad_credentials", "the certificate is of no device");
  if (attempt.device && deviceKey(attempt.device) !== deviceKey(credentials.device))
    return refuse("bad_credentials", `the certificate is of ${deviceKey(credentials.device)}`);
  const unfit = whyUnfit(certificate, { as: "device", nowMs: clock.nowMs() });
  if (unfit) return refuse("bad_credentials", `the certificate: ${unfit}`);
  if (standing.known?.revokedAtMs !== undefined) return refuse("bad_credentials", "the certificate: it was revoked");
  const origin = standing.known?.origin ?? "named";
  const issuer = origin === "named" ? judgeNamed(certificate, known, clock.nowMs()) : judgeBound(certificate, standing);
  if (typeof issuer === "string") return refuse("bad_credentials", `the certificate: ${issuer}`);
  const isFirstUse = standing.known?.firstUsedAtMs === undefined;
  return { attempt, credentials, certificate, origin, ...(issuer ? { issuer } : {}), isFirstUse };
}

/** One that is bound by itself needs no CA, and no name of a device in it. @returns in words what is against it. */
function judgeBound(certificate: X509Facts, { known, revoked }: X509Standing): X509Issuer | string | undefined {
  const keyHash = known?.issuerKeyHash;
  if (keyHash === undefined) return undefined;
  return isListed(revoked, certificate, keyHash) ? "its CA revoked it" : { keyHash, intermediates: [] };
}

/** @returns in words what is against it. */
function judgeNamed(
  certificate: X509Facts,
  { standing, intermediates }: CertifiedAttempt,
  nowMs: number,
): X509Issuer | string {
  // The CA itself is no device.
  if (certificate.isAuthority) return "it is a CA";
  const authorities = standing.authorities.map(parseX509).filter((facts) => facts !== undefined);
  const isRevoked = (each: X509Facts, issuer: X509Facts) => isListed(standing.revoked, each, issuer.keyHash);
  return findIssuer(certificate, { authorities, intermediates, isRevoked, nowMs });
}

function isListed(revoked: X509Standing["revoked"], { serialNumber }: X509Facts, issuerKeyHash: string): boolean {
  return revoked.some((each) => each.issuerKeyHash === issuerKeyHash && each.serialNumber === serialNumber);
}
