import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { Mailbox, MailboxMessage, MessageStatus } from "@trine/core/ports";

const DEFAULT_RETENTION_MS = 86_400_000;

interface Box {
  readonly waiting: Map<string, MailboxMessage>;
  readonly statuses: Map<string, MessageStatus>;
  readonly idempotent: Map<string, { messageId: string; atMs: number }>;
  lastPosition: number;
}

/** Keeps messages to devices until the process ends. For tests. */
export function createMemoryMailbox({ retentionMs = DEFAULT_RETENTION_MS } = {}): Mailbox {
  const boxes = new Map<string, Box>();

  function openBox(device: DeviceRef): Box {
    const key = deviceKey(device);
    const box = boxes.get(key) ?? { waiting: new Map(), statuses: new Map(), idempotent: new Map(), lastPosition: 0 };
    boxes.set(key, box);
    return box;
  }

  return {
    async put(device, { idempotencyKey, ...message }, limits) {
      const box = openBox(device);
      const { messageId, topic, qos, createdAtMs, expiresAtMs, payload } = message;
      forgetOld(box, createdAtMs, retentionMs);
      const first = idempotencyKey === undefined ? undefined : box.idempotent.get(idempotencyKey);
      if (first) return { outcome: "existing", messageId: first.messageId };
      const waiting = [...box.waiting.values()];
      const bytes = waiting.reduce((sum, other) => sum + other.payload.length, payload.length);
      if (waiting.length >= limits.maxMessages || bytes > limits.maxBytes) return { outcome: "full" };
      box.lastPosition += 1;
      box.waiting.set(messageId, { ...message, position: box.lastPosition });
      const status = {
        messageId,
        topic,
        qos,
        state: "queued",
        createdAtMs,
        expiresAtMs,
        changedAtMs: createdAtMs,
      } as const;
      box.statuses.set(messageId, status);
      if (idempotencyKey !== undefined) box.idempotent.set(idempotencyKey, { messageId, atMs: createdAtMs });
      return { outcome: "stored", messageId };
    },
    async note(device, status) {
      openBox(device).statuses.set(status.messageId, { ...status, changedAtMs: status.createdAtMs });
    },
    async pending(device, { after = 0, limit, nowMs }) {
      const waiting = [...(boxes.get(deviceKey(device))?.waiting.values() ?? [])];
      return waiting.filter(({ position, expiresAtMs }) => position > after && expiresAtMs > nowMs).slice(0, limit);
    },
    async markSent(device, messageIds, atMs) {
      const statuses = boxes.get(deviceKey(device))?.statuses;
      for (const messageId of messageIds) {
        const status = statuses?.get(messageId);
        if (status?.state === "queued") statuses?.set(messageId, { ...status, state: "sent", changedAtMs: atMs });
      }
    },
    async acknowledge(device, messageId, atMs) {
      const box = boxes.get(deviceKey(device));
      const status = box?.statuses.get(messageId);
      const message = box?.waiting.get(messageId);
      if (!box || !status || !message || message.expiresAtMs <= atMs) return false;
      box.waiting.delete(messageId);
      box.statuses.set(messageId, { ...status, state: "delivered", changedAtMs: atMs });
      return true;
    },
    async status(device, messageId, nowMs) {
      const box = boxes.get(deviceKey(device));
      const status = box?.statuses.get(messageId);
      if (!box || !status) return undefined;
      const seen = expireIfWaiting(status, box, nowMs);
      return isOver(seen) && seen.changedAtMs + retentionMs < nowMs ? undefined : seen;
    },
    async clear(device) {
      boxes.delete(deviceKey(device));
    },
  };
}

function isOver(status: MessageStatus): boolean {
  return status.state === "delivered" || status.state === "expired";
}

function expireIfWaiting(status: MessageStatus, { waiting }: Box, nowMs: number): MessageStatus {
  if (status.expiresAtMs > nowMs || !waiting.has(status.messageId)) return status;
  return { ...status, state: "expired", changedAtMs: status.expiresAtMs };
}

/** Moves on what is past its time, and forgets what ended longer ago than `retentionMs`. */
function forgetOld(box: Box, nowMs: number, retentionMs: number): void {
  for (const [messageId, status] of box.statuses) {
    const seen = expireIfWaiting(status, box, nowMs);
    if (seen.state === "expired") box.waiting.delete(messageId);
    if (!box.waiting.has(messageId) && seen.changedAtMs + retentionMs < nowMs) box.statuses.delete(messageId);
    else box.statuses.set(messageId, seen);
  }
  for (const [key, { messageId, atMs }] of box.idempotent) {
    if (!box.statuses.has(messageId) && atMs + retentionMs < nowMs) box.idempotent.delete(key);
  }
}
