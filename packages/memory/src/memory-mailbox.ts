import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { createMailboxTakers } from "@trine/core/messaging";
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
  const takers = createMailboxTakers();
  const reports = new Map<string, { device: DeviceRef; messageId: string }>();

  function openBox(device: DeviceRef): Box {
    const key = deviceKey(device);
    const box = boxes.get(key) ?? { waiting: new Map(), statuses: new Map(), idempotent: new Map(), lastPosition: 0 };
    boxes.set(key, box);
    return box;
  }

  return {
    async put(device, { idempotencyKey, report, ...message }, limits) {
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
      if (report) reports.set(reportKey(device, messageId), { device, messageId });
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
    async claim(device, { taker, messageIds, nowMs, leaseMs }) {
      const key = deviceKey(device);
      const box = boxes.get(key);
      if (!box || !takers.admits(key, taker, nowMs)) return [];
      const given = messageIds.flatMap((messageId) => {
        const message = box.waiting.get(messageId);
        return message && message.expiresAtMs > nowMs ? [message] : [];
      });
      if (given.length > 0) takers.give(key, { taker, untilMs: nowMs + leaseMs }, given);
      for (const { messageId } of given) {
        const status = box.statuses.get(messageId);
        if (status?.state === "queued") box.statuses.set(messageId, { ...status, state: "sent", changedAtMs: nowMs });
      }
      return given.map(({ messageId }) => messageId);
    },
    async letGo(device, takerId) {
      takers.letGo(deviceKey(device), takerId);
    },
    async acknowledge(device, messageId, atMs) {
      const box = boxes.get(deviceKey(device));
      const status = box?.statuses.get(messageId);
      const message = box?.waiting.get(messageId);
      if (!box || !status || !message || message.expiresAtMs <= atMs) return false;
      box.waiting.delete(messageId);
      takers.end(deviceKey(device), messageId);
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
    async ended({ nowMs, limit }) {
      const overAtMs = ({ device, messageId }: { device: DeviceRef; messageId: string }) => {
        const box = boxes.get(deviceKey(device));
        const status = box?.statuses.get(messageId);
        const seen = box && status && expireIfWaiting(status, box, nowMs);
        if (!seen) return 0;
        return isOver(seen) ? seen.changedAtMs : Number.POSITIVE_INFINITY;
      };
      return [...reports.values()]
        .filter((report) => overAtMs(report) <= nowMs)
        .sort((a, b) => overAtMs(a) - overAtMs(b))
        .slice(0, limit);
    },
    async reported(device, messageId) {
      reports.delete(reportKey(device, messageId));
    },
    async clear(device) {
      boxes.delete(deviceKey(device));
    },
  };
}

function reportKey(device: DeviceRef, messageId: string): string {
  return `${deviceKey(device)}/${messageId}`;
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
