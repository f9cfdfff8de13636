import type { SignedFields } from "../certificate/mac.ts";
import type { DeviceRef } from "../certificate/names.ts";
import type { SignMethod } from "../certificate/sign-method.ts";
import type { ChannelProof, X509Chain } from "./channel-proof.ts";

/** A login as an adapter read it from the wire: well-formed, not yet believed. */
export type AuthAttempt = MacAttempt | X509Attempt;

/** What every login comes with, whatever it is proved by. */
interface Login {
  /** Name of the adapter, for logs, metrics and the product's policy. The core never compares it with a constant. */
  readonly transport: string;
  /** Network address of the sender, without port. */
  readonly peer: string;
  /**
   * How the session will live on: as the connection that the login came in on, or as a token that the device presents
   * again with every message.
   */
  readonly keep: "connection" | "token";
  /** Whether nobody waits for the answer any more. */
  readonly isGone?: () => boolean;
  /** Settles when the login is answered: until then it counts as one that is under way. Absent: it is answered as soon as it is decided. */
  readonly answered?: Promise<unknown>;
  /** What the device says about itself, for the operators. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A login that a MAC proves. */
export interface MacAttempt extends Login {
  /** What the device claims to be. */
  readonly device: DeviceRef;
  readonly signMethod: SignMethod;
  /** The MAC that the device presented, decoded. */
  readonly mac: Uint8Array;
  /** The gateway made the MAC when the device registered itself, and not the device now: a device token (wire-format 3.4). */
  readonly isToken?: true;
  /** Everything that takes part in the string to sign, as sent: clientId, deviceName, productKey and what else the device signed. */
  readonly signed: SignedFields;
  /** The device seals its payloads and numbers its messages (wire-format 5.4, 5.6). Only with `keep: "token"`. */
  readonly sealedPayloads?: boolean;
  /** What the channel proved that the login came over. It must be the same device. */
  readonly channel?: ChannelProof;
}

/** A login that says nothing to prove itself: the channel proved that the device holds the key of its certificate (wire-format 2.10). */
export interface X509Attempt extends Login {
  /** As the channel's proof has it. */
  readonly x509: X509Chain;
  /** Which device it says it is, if it says so: the certificate must be that device's. */
  readonly device?: DeviceRef;
}

/** Whether a certificate is to prove the login. */
export function isX509Attempt(attempt: AuthAttempt): attempt is X509Attempt {
  return "x509" in attempt;
}
