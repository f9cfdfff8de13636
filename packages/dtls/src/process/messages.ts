import type { CertificateMaterial } from "../engine/engine.ts";
import type { FrontLimits } from "../front/front-limits.ts";

/** What the child is told before anything else. */
export interface Configuration {
  readonly host: string;
  readonly port: number;
  readonly mtu: number;
  readonly legacy: boolean;
  readonly limits: FrontLimits;
  readonly material: CertificateMaterial | null;
}

/** What the child says of its start. */
export type StartFailure =
  | { readonly kind: "no_engine"; readonly detail: string }
  | { readonly kind: "no_socket"; readonly code: string; readonly detail: string };

/** A session that began. */
export interface OpenedSession {
  readonly address: string;
  readonly port: number;
  readonly suite: string;
  /** DER in base64, the client's own first; empty without. */
  readonly certificates: readonly string[];
}

/** Whose key is asked for. */
export interface KeyQuestion {
  readonly identity: string;
  readonly address: string;
}

/** What happened since it was last said, by name. */
export interface Counts {
  readonly handshakes: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
}
