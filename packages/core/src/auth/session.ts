import type { DeviceRef } from "../certificate/names.ts";
import type { Secret } from "../certificate/secret.ts";
import type { ProductProfile } from "../ports/device-registry.ts";

/** A device that proved itself. What every message is judged by. */
export interface Session {
  /** Names the session in logs; of no use to an impostor. */
  readonly sessionId: string;
  readonly device: DeviceRef;
  readonly iotId: string;
  /** Of the secret that the device proved itself with. */
  readonly secretVersion: number;
  readonly transport: string;
  readonly peer: string;
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
