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

/**
 * Who takes messages out of a mailbox: a connection, a session that polls, an observer.
 */
export interface MailboxTaker {
  /** Unique for ever. */
  readonly id: string;
  /** Among takers of one line a greater one takes over at once: a device that logged in anew has left its older login. */
  readonly epoch?: number;
  /** What epochs are compared within, such as the transport of sessions. Absent for connections that the directory knows. */
  readonly line?: string;
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
 *
 * A device may fetch in several ways at once. While messages are out to one taker, and not all acknowledged, no other taker gets any: so the
 * order of the device holds over all of them, and a message goes out twice only when its taker did not acknowledge in time.
 */
export interface Mailbox {
  /**
   * Puts a message of QoS 1. `full`: it would exceed the limits (count and payload bytes of what waits), and nothing was stored.
   * `existing`: the idempotency key was used for this device within the retention; `messageId` is the first one's.
   *
   * @param message.report `ended` is to name it.
   */
  put(
    device: DeviceRef,
    message: Omit<MailboxMessage, "position"> & { idempotencyKey?: string; report?: boolean },
    limits: MailboxLimits,
  ): Promise<{ outcome: "stored" | "existing"; messageId: string } | { outcome: "full" }>;
  /** Notes a message that does not wait (QoS 0): only its final state is kept, for the sender to see. */
  note(device: DeviceRef, status: Omit<MessageStatus, "changedAtMs">): Promise<void>;
  /** What waits, not expired, positions above `after`, in order, at most `limit`. */
  pending(
    device: DeviceRef,
    page: { after?: number; limit: number; nowMs: number },
  ): Promise<readonly MailboxMessage[]>;
  /**
   * Gives messages to a taker to send, for `leaseMs`: `queued -> sent`. Nothing is given while messages are out to another taker whose lease
   * lives, unless the asking one is newer in the same line. A new taker starts with an empty hand: whatever was out before is
   * to be asked for again, oldest first. Each claim renews the lease.
   * @returns those of the messages that wait, in the order given; none when another taker has the mailbox.
   */
  claim(
    device: DeviceRef,
    request: { taker: MailboxTaker; messageIds: readonly string[]; nowMs: number; leaseMs: number },
  ): Promise<readonly string[]>;
  /** The taker is gone: what is out to it may go to another at once. Does nothing when another has the mailbox. */
  letGo(device: DeviceRef, takerId: string): Promise<void>;
  /** Removes a waiting message as `delivered`, whoever has it. @returns false when it does not wait (any more). */
  acknowledge(device: DeviceRef, messageId: string, atMs: number): Promise<boolean>;
  /** The state of a message, also for `retentionMs` after its end. A message past its time is `expired`. */
  status(device: DeviceRef, messageId: string, nowMs: number): Promise<MessageStatus | undefined>;
  /**
   * Messages that were put with `report` and are over, at most `limit`, what ended first first. Each is named until it is `reported`;
   * it may have no state any more, when it ended longer ago than states are kept or its device was deleted.
   */
  ended(request: {
    nowMs: number;
    limit: number;
  }): Promise<readonly { readonly device: DeviceRef; readonly messageId: string }[]>;
  /** Whoever wanted to know knows. */
  reported(device: DeviceRef, messageId: string): Promise<void>;
  /** Drops everything of a device that was deleted. */
  clear(device: DeviceRef): Promise<void>;
}
