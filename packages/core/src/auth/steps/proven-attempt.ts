import type { ProvenMac } from "./verify-mac.ts";
import type { ProvenX509 } from "./verify-x509.ts";

/** A login whose sender proved to be the device: by its secret or by its certificate. */
export type ProvenAttempt = ProvenMac | ProvenX509;
