import type { DeviceRef } from "@trine/core/certificate";
import type { Mailbox, MailboxMessage, MailboxTaker } from "@trine/core/ports";
import { aMessageId } from "./fixtures.ts";

/** Limits that nothing reaches. */
export const ROOMY = { maxMessages: 1_000, maxBytes: 1_000_000 };

/** A message of QoS 1 for a device, put now, that waits for an hour. */
export function aMailboxMessage(given: Partial<MailboxMessage> = {}): Omit<MailboxMessage, "position"> {
  const now = Date.now();
  return {
    messageId: aMessageId(),
    topic: "/a/b/user/get",
    payload: Buffer.from("payload"),
    qos: 1,
    createdAtMs: now,
    expiresAtMs: now + 3_600_000,
    ...given,
  };
}

/** Takes messages out, by default now and for a minute. */
export function claim(
  mailbox: Mailbox,
  device: DeviceRef,
  messageIds: readonly string[],
  given: { taker?: MailboxTaker; nowMs?: number; leaseMs?: number } = {},
): Promise<readonly string[]> {
  const { taker = { id: "a taker" }, nowMs = Date.now(), leaseMs = 60_000 } = given;
  return mailbox.claim(device, { taker, messageIds, nowMs, leaseMs });
}
