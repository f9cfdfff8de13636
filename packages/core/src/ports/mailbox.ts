import type { DeviceRef } from "../certificate/names.ts";

/** `queued -> sent -> delivered | expired`. */
export type MessageState = "queued" | "sent" | "delivered" | "expired";

/** A message that waits for its device. */
export interface MailboxMessage {
  /** Decimal text of a 64-bit number. */
  readonly messageId: string;
  /** Order within the mailbox: greater is later. */
  readonly position: number;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
}

export interface MessageStatus {
  readonly messageId: string;
  readonly topic: string;
  readonly qos: 0 | 1;
  readonly state: MessageState;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** When the state was reached. */
  readonly changedAtMs: number;
}

export interface MailboxLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/**
 * One mailbox per device, the only truth about downlink.
 *
 * A message stays until it is acknowledged or expires; no reading removes it. Messages of one device are read in the order
 * they were put. Durable when the promise resolves; throws when the store cannot answer.
 */
export interface Mailbox {
  /**
   * Puts a message of QoS 1. `full`: it would exceed the limits (count and payload bytes of what waits), and nothing was stored.
   * `existing`: the idempotency key was used for this device within the retention; `messageId` is the first one's.
   */
  put(
    device: DeviceRef,
    message: Omit<MailboxMessage, "position"> & { idempotencyKey?: string },
    limits: MailboxLimits,
  ): Promise<{ outcome: "stored" | "existing"; messageId: string } | { outcome: "full" }>;
  /** Notes a message that does not wait (QoS 0): only its final state is kept, for the sender to see. */
  note(device: DeviceRef, status: Omit<MessageStatus, "changedAtMs">): Promise<void>;
  /** What waits, not expired, positions above `after`, in order, at most `limit`. */
  pending(
    device: DeviceRef,
    page: { after?: number; limit: number; nowMs: number },
  ): Promise<readonly MailboxMessage[]>;
  /** `queued -> sent`; others stay as they are. */
  markSent(device: DeviceRef, messageIds: readonly string[], atMs: number): Promise<void>;
  /** Removes a waiting message as `delivered`. @returns false when it does not wait (any more). */
  acknowledge(device: DeviceRef, messageId: string, atMs: number): Promise<boolean>;
  /** The state of a message, also for `retentionMs` after its end. A message past its time is `expired`. */
  status(device: DeviceRef, messageId: string, nowMs: number): Promise<MessageStatus | undefined>;
  /** Drops everything of a device that was deleted. */
  clear(device: DeviceRef): Promise<void>;
}
