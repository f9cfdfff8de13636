import type { DeviceRef } from "@trine/core/certificate";
import { deviceTag } from "../device-tag.ts";

/** How many keys `mailboxKeys` gives. */
export const MAILBOX_KEYS = 7;

/**
 * The keys of one mailbox, all in one slot, in the order in which every script takes them:
 * 1 counters (`position`: the last one given out; `bytes`: payload that waits), 2 facts by message id, 3 payloads by message id,
 * 4 what waits, by position, 5 when each fact may be forgotten, 6 message ids by idempotency key, 7 what is out to the taker that the
 * counters name (`taker`, its `epoch` and `line`, `until`).
 */
export function mailboxKeys(device: DeviceRef): string[] {
  const mailbox = `trine:mailbox:${deviceTag(device)}`;
  return ["counters", "facts", "payloads", "waiting", "ends", "keys", "out"].map((part) => `${mailbox}:${part}`);
}
