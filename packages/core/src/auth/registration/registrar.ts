import type { DeviceRef } from "../../certificate/names.ts";
import type { Secret } from "../../certificate/secret.ts";
import type { SignMethod } from "../../certificate/sign-method.ts";
import type { Refusal } from "../refusal.ts";

/** What every registration comes with. */
export interface RegistrationFacts {
  /** What the device claims to be. */
  readonly device: DeviceRef;
  /** Its secret, or a device token in the place of one (wire-format 3.4). */
  readonly wants: "secret" | "token";
  /** Name of the adapter, for logs, metrics and the product's policy. */
  readonly transport: string;
  /** Network address of the sender, without port. */
  readonly peer: string;
  /** Whether nobody waits for the answer any more. */
  readonly isGone?: () => boolean;
}

/** What a device asks for that knows its product's secret and its own name, as an adapter read it: well-formed, not yet believed. */
export interface RegistrationRequest extends RegistrationFacts {
  readonly signMethod: SignMethod;
  /** The MAC that the device presented, decoded. */
  readonly mac: Uint8Array;
  /** Signed as it was sent. It may come again: one SDK always sends the same (wire-format 3.2). */
  readonly random: string;
}

/** What a device that proved itself asks for in the name of another one, which is to be behind it (wire-format 7.1). */
export interface VouchedRegistration extends RegistrationFacts {
  readonly vouchedBy: DeviceRef;
}

/** What a registered device is handed. */
export type Registered =
  | { readonly device: DeviceRef; readonly deviceSecret: Secret }
  | {
      readonly device: DeviceRef;
      /** The device has to log in under it. */
      readonly clientId: string;
      readonly deviceToken: Secret;
    };

/** Hands devices what they log in with. The one entry for every adapter, which has seen to it that nobody can listen. */
export interface Registrar {
  /**
   * Decides one registration: what the device logs in with, or a refusal as a value.
   *
   * @throws when a store cannot answer. `recordedRegistrar` turns that into the refusal `unavailable`; adapters get the recorded one.
   */
  register(request: RegistrationRequest | VouchedRegistration): Promise<Registered | Refusal>;
}
