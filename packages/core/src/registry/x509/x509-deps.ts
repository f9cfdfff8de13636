import type { X509Issuer } from "../../ports/x509-issuer.ts";
import type { X509Store } from "../../ports/x509-store.ts";
import type { RegistryDeps } from "../registry-deps.ts";

/** What the operators' side of certificates stands on. */
export interface X509Deps
  extends Pick<
    RegistryDeps,
    "registry" | "audit" | "uplink" | "revocation" | "notes" | "vault" | "clock" | "random" | "recorder"
  > {
  readonly x509: X509Store;
  readonly x509Issuer: X509Issuer;
}
