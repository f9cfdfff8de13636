import type { MacAttempt } from "../auth/attempt.ts";
import type { Refusal } from "../auth/refusal.ts";
import type { Session } from "../auth/session.ts";
import type { DeviceRef } from "../certificate/names.ts";

/** The login of a device that is to live on the connection of another one, as it was read: well-formed, not yet believed. */
export interface CarriedLogin extends Pick<MacAttempt, "device" | "signMethod" | "mac" | "signed" | "metadata"> {
  /** It gets system topics without asking for them. */
  readonly implicitSubscriptions: boolean;
  /** What it subscribes to outlives this session. */
  readonly lasting: boolean;
}

/**
 * A connection that carries further devices beside the one that it belongs to: a gateway with devices behind it.
 *
 * Each of them is a full device: it has its own session, place in the directory, presence, mailbox and subscriptions, and is revoked by itself.
 * All of them end with the connection.
 */
export interface DeviceCarrier {
  /** Whether nobody can listen on the way: only then may a secret go over it. */
  readonly isPrivate: boolean;
  /** How many devices are carried, the owner of the connection not counted. */
  readonly size: number;
  /**
   * Logs a device in as any other: by the one authenticator, and as the device's one connection. Messages for it follow the answer to the
   * message that asked for this.
   *
   * @returns the refusal of the authenticator, or `unavailable`. Never throws.
   */
  join(login: CarriedLogin): Promise<Session | Refusal>;
  /** Ends a device's session, once everything is stored that was sent as that device. @returns whether there was one. */
  leave(device: DeviceRef, why: string): Promise<boolean>;
}
