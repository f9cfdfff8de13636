import type { SignedFields } from "../certificate/mac.ts";
import type { DeviceRef } from "../certificate/names.ts";
import type { SignMethod } from "../certificate/sign-method.ts";
import type { ChannelProof } from "./channel-proof.ts";

/** A login as an adapter read it from the wire: well-formed, not yet believed. */
export interface AuthAttempt {
  /** What the device claims to be. */
  readonly device: DeviceRef;
  readonly signMethod: SignMethod;
  /** The MAC that the device presented, decoded. */
  readonly mac: Uint8Array;
  /** Everything that takes part in the string to sign, as sent: clientId, deviceName, productKey and what else the device signed. */
  readonly signed: SignedFields;
  /** Name of the adapter, for logs, metrics and the product's policy. The core never compares it with a constant. */
  readonly transport: string;
  /** Network address of the sender, without port. */
  readonly peer: string;
  /**
   * How the session will live on: as the connection that the login came in on, or as a token that the device presents
   * again with every message.
   */
  readonly keep: "connection" | "token";
  /** The device seals its payloads and numbers its messages (wire-format 5.4, 5.6). Only with `keep: "token"`. */
  readonly sealedPayloads?: boolean;
  /** What the channel proved that the login came over. It must be the same device. */
  readonly channel?: ChannelProof;
  /** What the device says about itself, for the operators. */
  readonly metadata?: Readonly<Record<string, string>>;
}
