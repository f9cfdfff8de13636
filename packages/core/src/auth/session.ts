import type { DeviceRef } from "../certificate/names.ts";
import type { Secret } from "../certificate/secret.ts";
import type { ProductProfile } from "../ports/device-registry.ts";
import type { X509Login } from "../ports/session-store.ts";

/**
 * Stands for the version of a secret where a certificate proved the login: above every one, so that the end of a rotation, which voids
 * what was made under older secrets, leaves such a session alone.
 */
export const NO_SECRET_VERSION = 2 ** 31 - 1;

/** A device that proved itself. What every message is judged by. */
export interface Session {
  /** Names the session in logs; of no use to an impostor. */
  readonly sessionId: string;
  readonly device: DeviceRef;
  readonly iotId: string;
  /** Of the secret that the device proved itself with; `NO_SECRET_VERSION` where it was a certificate. */
  readonly secretVersion: number;
  /** The certificate that the device proved itself with, if it was one. */
  readonly x509?: X509Login;
  readonly transport: string;
  readonly peer: string;
  /** What the device calls itself (wire-format 2.1), where it said so at this login. */
  readonly clientId?: string;
  readonly product: ProductProfile;
  /** Wall clock of the login, of a session that was resumed. */
  readonly startedAtMs?: number;
  /** This login was the device's first success. */
  readonly activatedNow: boolean;
  /** With `keep: "token"`: what the device presents from now on. Only in the answer to a login, never on resume. */
  readonly token?: { readonly text: Secret; readonly expiresAtMs: number };
  /** With `sealedPayloads`: how the device seals and numbers its messages (wire-format 5.4, 5.6). */
  readonly sealing?: Sealing;
}

/** Key material and numbering of a session with sealed payloads. */
export interface Sealing {
  /** Told to the device at login; part of the key derivation. */
  readonly random: string;
  /** The first sequence number that the device may use. */
  readonly seqOffset: number;
  /** AES-128 key, 16 bytes. */
  readonly key: Uint8Array;
}
