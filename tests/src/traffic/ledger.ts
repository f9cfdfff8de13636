import type { DeviceCertificate } from "@trine/device";

/** One login of a device, as it ended for the device. */
export interface Leg {
  /** How its messages come, such as `pushed`. */
  readonly way: string;
  readonly node: string;
  /** By the clock that does not jump, as is `endedAt`. */
  readonly beganAt: number;
  /** `closed`: the device ended it in order, with nothing under way. `cut`: anything else. Absent while it lasts. */
  end?: "closed" | "cut";
  endedAt?: number;
}

/** What one way of a device to publish has sent: numbers from 1 on. */
export interface Stream {
  readonly name: string;
  /** How often each number was sent. */
  readonly attempts: Map<number, number>;
  readonly acknowledged: Set<number>;
}

/** A message from the application, as the device got it. */
export interface Reception {
  readonly number: number;
  readonly leg: Leg;
}

/** What is known of one device from outside: what it was promised, and what it got. */
export interface Ledger {
  readonly certificate: DeviceCertificate;
  /** One for each protocol that it publishes over. */
  readonly streams: Stream[];
  /** Messages to the device that the REST API accepted, in their order. */
  readonly accepted: { readonly number: number; readonly messageId: string }[];
  readonly received: Reception[];
  /** Every login, on whichever protocol. */
  readonly legs: Leg[];
  /** What the gateway did that it must not, as the device saw it. */
  readonly complaints: string[];
}

/** Opens an empty ledger. */
export function openLedger(certificate: DeviceCertificate): Ledger {
  return { certificate, streams: [], accepted: [], received: [], legs: [], complaints: [] };
}
