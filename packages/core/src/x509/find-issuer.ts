import type { X509Serial } from "../ports/x509-store.ts";
import { isSignedBy, type X509Facts } from "./parse-x509.ts";
import { whyUnfit } from "./why-unfit.ts";

/** Certificates that may stand between a device's own and a CA of its product; more of them are not looked at. */
export const MAX_INTERMEDIATES = 4;

interface Search {
  /** CAs that are trusted. */
  readonly authorities: readonly X509Facts[];
  /** Certificates that came with it, in any order. */
  readonly intermediates: readonly X509Facts[];
  readonly isRevoked: (certificate: X509Facts, issuer: X509Facts) => boolean;
  readonly nowMs: number;
}

/** Who signed a certificate. */
export interface X509Issuer {
  /** SHA-256 of its public key. */
  readonly keyHash: string;
  /** The certificates between it and the CA that is trusted, as their issuers count them. */
  readonly intermediates: readonly X509Serial[];
}

/** A certificate that may sign others, how many may still follow, and what it was reached by. */
interface Signer {
  readonly facts: X509Facts;
  readonly left: number;
  readonly path: readonly X509Serial[];
}

/**
 * Finds who signed a certificate: a trusted CA, or one that a trusted one stands for.
 *
 * From the trusted ones downwards: a key that a stranger chose is not computed with before a CA has signed it, and no pair is tried twice.
 *
 * @returns the signer, or in words why there is none.
 */
export function findIssuer(certificate: X509Facts, search: Search): X509Issuer | string {
  const { authorities, isRevoked, nowMs } = search;
  let why = "no CA of the product signed it";
  let unreached = search.intermediates.slice(0, MAX_INTERMEDIATES);
  const signers = authorities.map(
    (facts): Signer => ({ facts, left: facts.pathLength ?? MAX_INTERMEDIATES, path: [] }),
  );
  for (const signer of signers) {
    const { facts, path } = signer;
    const unfit = whyUnfit(facts, { as: "authority", nowMs });
    if (unfit) {
      if (isNamedBy(certificate, facts)) why = `the CA ${facts.subject.text}: ${unfit}`;
      continue;
    }
    if (isIssuedBy(certificate, facts)) {
      if (!isRevoked(certificate, facts)) return { keyHash: facts.keyHash, intermediates: path };
      why = "its CA revoked it";
    }
    const next = unreached.filter((each) => signer.left > 0 && isIssuedBy(each, facts) && !isRevoked(each, facts));
    unreached = unreached.filter((each) => !next.includes(each));
    // The loop goes on with what is added here.
    signers.push(...next.map((each) => below(signer, each)));
  }
  return why;
}

/** Whether `issuer` is named as who signed it, and did. */
export function isIssuedBy(certificate: X509Facts, issuer: X509Facts): boolean {
  return isNamedBy(certificate, issuer) && isSignedBy(certificate, issuer);
}

function isNamedBy(certificate: X509Facts, issuer: X509Facts): boolean {
  return issuer.subject.der.equals(certificate.issuer.der);
}

function below({ facts, left, path }: Signer, next: X509Facts): Signer {
  return {
    facts: next,
    left: Math.min(left - 1, next.pathLength ?? left - 1),
    path: [...path, { issuerKeyHash: facts.keyHash, serialNumber: next.serialNumber }],
  };
}
