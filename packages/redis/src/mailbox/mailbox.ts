import type { DeviceRef } from "@trine/core/certificate";
import type { Mailbox, MailboxMessage, MessageState, MessageStatus } from "@trine/core/ports";
import { defineScript } from "../connection/define-script.ts";
import type { RedisHandle } from "../connection/redis-handle.ts";
import type { ScriptArgument } from "../connection/script.ts";
import { MAILBOX_KEYS, mailboxKeys } from "./mailbox-keys.ts";
import { ACKNOWLEDGE, CLAIM, LET_GO, NOTE, PENDING, PUT, STATUS } from "./mailbox-scripts.ts";
import { createReportIndex } from "./report-index.ts";

const DAY_MS = 86_400_000;

/**
 * Mailboxes on Redis. Each call is one script on the keys of one device: limits, states and order change together.
 *
 * A message that is past its time makes room at the next put, and the keys of a mailbox go when its last message is forgotten, so what
 * is abandoned costs nothing for ever.
 *
 * @param retentionMs how long the state of a message, and its idempotency key, are kept after its end.
 */
export function createRedisMailbox(redis: RedisHandle, { retentionMs = DAY_MS } = {}): Mailbox {
  const define = (name: string, lua: string, { durable = false } = {}) => {
    const run = defineScript(redis, { name: `Mailbox${name}`, keys: MAILBOX_KEYS, lua, durable });
    return (device: DeviceRef, ...args: ScriptArgument[]) => run(...mailboxKeys(device), ...args);
  };
  const put = define("Put", PUT, { durable: true });
  const note = define("Note", NOTE);
  const pending = define("Pending", PENDING);
  const claim = define("Claim", CLAIM);
  const letGo = define("LetGo", LET_GO);
  const acknowledge = define("Acknowledge", ACKNOWLEDGE);
  const status = define("Status", STATUS);
  const reports = createReportIndex(redis);

  return {
    async put(device, { payload, idempotencyKey = "", report = false, ...message }, limits) {
      const { messageId, topic, qos, createdAtMs, expiresAtMs } = message;
      if (report) await reports.expect(device, messageId, expiresAtMs);
      const about = [messageId, topic, qos, createdAtMs, expiresAtMs, payload, idempotencyKey];
      const bounds = [limits.maxMessages, limits.maxBytes, retentionMs];
      const answer = await put(device, ...about, ...bounds, report ? 1 : 0);
      const [outcome, id] = (answer as Buffer[]).map(String);
      if (report && outcome !== "stored") await reports.forget(device, messageId);
      if (outcome === "full") return { outcome };
      return { outcome: outcome === "existing" ? outcome : "stored", messageId: id ?? messageId };
    },
    async note(device, { messageId, topic, qos, state, createdAtMs, expiresAtMs }) {
      await note(device, messageId, topic, qos, state, createdAtMs, expiresAtMs, Date.now(), retentionMs);
    },
    async pending(device, { after, limit, nowMs }) {
      return ((await pending(device, after ?? "-inf", limit, nowMs)) as PendingReply[]).map(toMessage);
    },
    async claim(device, { taker, messageIds, nowMs, leaseMs }) {
      if (messageIds.length === 0) return [];
      const given = await claim(device, taker.id, taker.epoch ?? "", nowMs, leaseMs, taker.line ?? "", ...messageIds);
      return (given as Buffer[]).map(String);
    },
    async letGo(device, takerId) {
      await letGo(device, takerId);
    },
    async acknowledge(device, messageId, atMs) {
      const waited = Number(await acknowledge(device, messageId, atMs, retentionMs));
      if (waited === 2) await reports.hasten(device, messageId, atMs);
      return waited > 0;
    },
    async status(device, messageId, nowMs) {
      const reply = await status(device, messageId, nowMs);
      return reply === null ? undefined : toStatus(messageId, reply as StatusReply);
    },
    ended: (request) => reports.ended(request),
    reported: (device, messageId) => reports.forget(device, messageId),
    async clear(device) {
      await redis.commands.del(...mailboxKeys(device));
    },
  };
}

type PendingReply = [
  id: Buffer,
  position: Buffer,
  topic: Buffer,
  qos: number,
  created: number,
  expires: number,
  payload: Buffer,
];
type StatusReply = [topic: Buffer, qos: number, state: Buffer, created: number, expires: number, changed: number];

function toMessage([id, position, topic, qos, createdAtMs, expiresAtMs, payload]: PendingReply): MailboxMessage {
  return {
    messageId: id.toString(),
    position: Number(position.toString()),
    topic: topic.toString(),
    payload,
    qos: qos === 1 ? 1 : 0,
    createdAtMs,
    expiresAtMs,
  };
}

function toStatus(messageId: string, reply: StatusReply): MessageStatus {
  const [topic, qos, state, createdAtMs, expiresAtMs, changedAtMs] = reply;
  return {
    messageId,
    topic: topic.toString(),
    qos: qos === 1 ? 1 : 0,
    state: state.toString() as MessageState,
    createdAtMs,
    expiresAtMs,
    changedAtMs,
  };
}
