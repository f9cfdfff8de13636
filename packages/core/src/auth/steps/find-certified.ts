import type { DeviceCredentials } from "../../ports/device-registry.ts";
import type { X509Lookup, X509Standing } from "../../ports/x509-store.ts";
import { MAX_INTERMEDIATES } from "../../x509/find-issuer.ts";
import { namedDevice } from "../../x509/named-device.ts";
import { parseX509, type X509Facts } from "../../x509/parse-x509.ts";
import type { X509Attempt } from "../attempt.ts";

/** An attempt with what its certificate says, and what is known of it. */
export interface CertifiedAttempt {
  readonly attempt: X509Attempt;
  /** Absent: it cannot be read. */
  readonly certificate: X509Facts | undefined;
  readonly intermediates: readonly X509Facts[];
  readonly standing: X509Standing;
  /** Of the device that it is bound to or names. Not proved yet. */
  readonly credentials: DeviceCredentials | undefined;
}

/** Reads the certificates, and looks up what they are to be judged by. */
export async function findCertified(attempt: X509Attempt, { x509 }: { x509: X509Lookup }): Promise<CertifiedAttempt> {
  const [own, ...others] = attempt.x509;
  const certificate = parseX509(own);
  if (!certificate) return { attempt, certificate, intermediates: [], standing: NOTHING, credentials: undefined };
  const read = others.slice(0, MAX_INTERMEDIATES + 1).map(parseX509);
  const intermediates = read.filter((facts) => facts !== undefined);
  const standing = await x509.findStanding({
    fingerprint: certificate.fingerprint,
    names: namedDevice(certificate),
    serialNumbers: [certificate, ...intermediates].map(({ serialNumber }) => serialNumber),
  });
  return { attempt, certificate, intermediates, standing, credentials: standing.credentials };
}

const NOTHING: X509Standing = { authorities: [], revoked: [] };
