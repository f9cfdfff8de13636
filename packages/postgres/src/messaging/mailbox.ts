import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { createMailboxTakers } from "@trine/core/messaging";
import type { Mailbox, MailboxMessage, MessageStatus } from "@trine/core/ports";
import { and, eq, lte, type SQL } from "drizzle-orm";
import { createGroupCommit } from "../database/group-commit.ts";
import type { SqlDatabase } from "../database/sql-database.ts";
import { mailboxMessages as table } from "../schema/messaging-tables.ts";
import { type Acknowledgement, acknowledgeMessages, markSent, type Sent } from "./change-messages.ts";
import { findPending, type PendingRequest } from "./find-pending.ts";
import { createMailboxSweep, DEFAULT_RETENTION_MS } from "./mailbox-sweep.ts";
import { type PutOutcome, type PutRequest, putMessages } from "./put-messages.ts";

/**
 * Mailboxes in SQL, for a gateway that is one process: it alone judges whether a mailbox is full.
 *
 * @param options.retentionMs how long the state of a message is kept after its end; default 7 days.
 */
export function createSqlMailbox(
  { db }: SqlDatabase,
  { retentionMs = DEFAULT_RETENTION_MS }: { retentionMs?: number } = {},
): Mailbox {
  const sweep = createMailboxSweep(db, retentionMs);
  const put = createGroupCommit<PutRequest, PutOutcome>({
    maxItems: 500,
    maxWeight: 4_000_000,
    weigh: ({ message }) => message.payload.length,
    async flush(requests) {
      const outcomes = await putMessages(db, requests);
      await sweep(Math.max(...requests.map(({ message }) => message.createdAtMs)));
      return outcomes;
    },
  });
  const takers = createMailboxTakers();
  const sent = createGroupCommit<Sent, number | undefined>({ flush: (group) => markSent(db, group) });
  const acknowledge = createGroupCommit<Acknowledgement, boolean>({ flush: (group) => acknowledgeMessages(db, group) });
  const pending = createGroupCommit<PendingRequest, readonly MailboxMessage[]>({
    maxItems: 100,
    flush: (requests) => findPending(db, requests),
  });
  return {
    put: (device, message, limits) => put({ device, message, limits }),
    async note(device, { expiresAtMs, ...status }) {
      const { createdAtMs } = status;
      await db.insert(table).values({
        ...device,
        ...status,
        payload: Buffer.alloc(0),
        payloadBytes: 0,
        waiting: false,
        expiresAtMs,
        changedAtMs: createdAtMs,
        endsAtMs: createdAtMs,
      });
    },
    pending: (device, { after = 0, limit, nowMs }) => pending({ device, after, limit, nowMs }),
    async claim(device, { taker, messageIds, nowMs, leaseMs }) {
      const { productKey, deviceName } = device;
      if (messageIds.length === 0 || !takers.admits(deviceKey(device), taker, nowMs)) return [];
      // Noted before the database answers: nobody else gets in meanwhile.
      const to = { taker, untilMs: nowMs + leaseMs };
      takers.give(
        deviceKey(device),
        to,
        messageIds.map((messageId) => ({ messageId, expiresAtMs: to.untilMs })),
      );
      const ends = await Promise.all(
        messageIds.map((messageId) => sent({ productKey, deviceName, messageId, atMs: nowMs })),
      );
      const given = messageIds.flatMap((messageId, i) => {
        const expiresAtMs = ends[i];
        if (expiresAtMs === undefined) takers.end(deviceKey(device), messageId);
        return expiresAtMs === undefined ? [] : [{ messageId, expiresAtMs }];
      });
      if (given.length > 0) takers.give(deviceKey(device), to, given);
      return given.map(({ messageId }) => messageId);
    },
    async letGo(device, takerId) {
      takers.letGo(deviceKey(device), takerId);
    },
    async acknowledge(device, messageId, atMs) {
      const { productKey, deviceName } = device;
      const wasWaiting = await acknowledge({ productKey, deviceName, messageId, atMs });
      takers.end(deviceKey(device), messageId);
      return wasWaiting;
    },
    async status(device, messageId, nowMs) {
      const [row] = await db
        .select(statusColumns)
        .from(table)
        .where(and(isOf(device), eq(table.messageId, messageId)));
      return row && statusAt(row, nowMs);
    },
    ended: ({ nowMs, limit }) => findEnded(db, { nowMs, limit }),
    async reported(device, messageId) {
      await db
        .update(table)
        .set({ report: false })
        .where(and(isOf(device), eq(table.messageId, messageId)));
    },
    async clear(device) {
      await db.delete(table).where(isOf(device));
    },
  };
}

async function findEnded(db: SqlDatabase["db"], { nowMs, limit }: { nowMs: number; limit: number }) {
  const rows = await db
    .select({ productKey: table.productKey, deviceName: table.deviceName, messageId: table.messageId })
    .from(table)
    .where(and(table.report, lte(table.endsAtMs, nowMs)))
    .orderBy(table.endsAtMs)
    .limit(limit);
  return rows.map(({ messageId, ...device }) => ({ device, messageId }));
}

function isOf({ productKey, deviceName }: DeviceRef): SQL | undefined {
  return and(eq(table.productKey, productKey), eq(table.deviceName, deviceName));
}

const statusColumns = {
  messageId: table.messageId,
  topic: table.topic,
  qos: table.qos,
  state: table.state,
  waiting: table.waiting,
  createdAtMs: table.createdAtMs,
  expiresAtMs: table.expiresAtMs,
  changedAtMs: table.changedAtMs,
};

function statusAt({ waiting, ...status }: MessageStatus & { waiting: boolean }, nowMs: number): MessageStatus {
  const { expiresAtMs } = status;
  return waiting && expiresAtMs <= nowMs ? { ...status, state: "expired", changedAtMs: expiresAtMs } : status;
}
