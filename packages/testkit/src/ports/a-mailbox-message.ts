import type { MailboxMessage } from "@trine/core/ports";
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
