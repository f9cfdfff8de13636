import type { DeviceRef } from "../certificate/names.ts";

/** One decided login. Holds no secret, MAC or token. */
export interface LoginDecision {
  readonly transport: string;
  readonly peer: string;
  /** Absent: a certificate was to tell, and did not. */
  readonly device?: DeviceRef;
  /** Of the certificate that was to prove the login, if one was. */
  readonly fingerprint?: string;
  /** `ok` or the refusal's code. */
  readonly code: string;
  /** The private reason of a refusal. */
  readonly why?: string;
  readonly sessionId?: string;
  readonly activatedNow?: boolean;
  readonly ms: number;
}

/** One decided registration of a device by itself (wire-format 3). Holds no secret, signature or token. */
export interface RegistrationDecision {
  readonly transport: string;
  readonly peer: string;
  /** As it says. */
  readonly device: DeviceRef;
  readonly wants: "secret" | "token";
  /** `ok` or the refusal's code. */
  readonly code: string;
  /** The private reason of a refusal. */
  readonly why?: string;
  readonly ms: number;
}

/**
 * Where the gateway tells what it does: logs and metrics behind one port. Never throws, never waits.
 */
export interface Recorder {
  loginDecided(decision: LoginDecision): void;
  registrationDecided(decision: RegistrationDecision): void;
  /** A message from a device was stored (`ok`) or refused (the refusal's code). */
  uplinkDecided(fact: { transport: string; qos: 0 | 1; code: string; bytes: number; ms: number }): void;
  /** A message to a device changed its state. */
  downlinkChanged(fact: {
    state: "queued" | "sent" | "delivered" | "expired" | "mailbox_full";
    transport?: string;
  }): void;
  /** A device service answered a device; `code` is its own, as text, and `silent` where the device wanted no answer. */
  serviceAnswered(fact: { service: string; code: string; ms: number }): void;
  connectionOpened(transport: string): void;
  connectionClosed(transport: string, why: string): void;
  /** Something of a device was dropped or cut off, for a stable reason such as `forbidden_topic` or `frame_too_large`. */
  dropped(transport: string, reason: string, times?: number): void;
  /** Handshakes of secured channels ended, so many alike: `ok`, or a stable word that says why not. */
  handshakesDecided(fact: { transport: string; outcome: string; times: number }): void;
  /** Events that did not get into the timelines of devices, because there were too many. */
  timelineDropped(count: number): void;
  /** Several devices seem to use one certificate. */
  cloneSuspected(fact: { transport: string }): void;
  /** The devices of a node that lost its lease were made offline. */
  nodeLost(fact: { nodeId: string; devices: number }): void;
  /** A fault: an outage or a bug. `where` is a stable word. */
  fault(where: string, error: unknown): void;
}
