import { type DeviceRef, deviceKey, parseDeviceRef } from "@trine/core/certificate";
import { defineScript } from "../connection/define-script.ts";
import type { RedisHandle } from "../connection/redis-handle.ts";

const KEY = "trine:mailbox-reports";

/**
 * The messages whose end somebody wants to be told, in the order in which they end at the latest. One key for all mailboxes: it may lie
 * on another server than theirs, so a message is noted here before it is put, and an entry may name one that never was.
 */
export interface ReportIndex {
  /** Notes a message before it is put. */
  expect(device: DeviceRef, messageId: string, endsAtMs: number): Promise<void>;
  /** It ended earlier than noted. */
  hasten(device: DeviceRef, messageId: string, endedAtMs: number): Promise<void>;
  forget(device: DeviceRef, messageId: string): Promise<void>;
  ended(request: { nowMs: number; limit: number }): Promise<{ device: DeviceRef; messageId: string }[]>;
}

/** Makes it. */
export function createReportIndex(redis: RedisHandle): ReportIndex {
  const add = defineScript(redis, {
    name: "MailboxReport",
    keys: 1,
    lua: "return redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[2])",
    durable: true,
  });
  const { commands } = redis;
  return {
    async expect(device, messageId, endsAtMs) {
      await add(KEY, endsAtMs, memberOf(device, messageId));
    },
    async hasten(device, messageId, endedAtMs) {
      // Lost with the server, the entry is found when the message would have expired.
      await commands.zadd(KEY, "XX", endedAtMs, memberOf(device, messageId));
    },
    async forget(device, messageId) {
      await commands.zrem(KEY, memberOf(device, messageId));
    },
    async ended({ nowMs, limit }) {
      return (await commands.zrangebyscore(KEY, "-inf", nowMs, "LIMIT", 0, limit)).flatMap(readMember);
    },
  };
}

/** No name can hold a slash. */
function memberOf(device: DeviceRef, messageId: string): string {
  return `${deviceKey(device)}/${messageId}`;
}

function readMember(member: string): { device: DeviceRef; messageId: string }[] {
  const [productKey = "", deviceName = "", messageId = ""] = member.split("/");
  const device = parseDeviceRef(productKey, deviceName);
  return device ? [{ device, messageId }] : [];
}
