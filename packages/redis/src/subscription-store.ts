import type { DeviceRef } from "@trine/core/certificate";
import type { SubscriptionStore } from "@trine/core/ports";
import type { RedisHandle } from "./connection/redis-handle.ts";
import { deviceTag } from "./device-tag.ts";

// No filter is empty: this field stands for the session itself, and keeps the key alive when the last filter goes.
const SESSION_FIELD = "";

/** Lasting subscriptions on Redis: a hash for each device, filter -> QoS. One command each. */
export function createRedisSubscriptionStore({ commands, durable }: RedisHandle): SubscriptionStore {
  return {
    async load(device) {
      const fields = await commands.hgetall(keyOf(device));
      if (!(SESSION_FIELD in fields)) return undefined;
      return Object.entries(fields)
        .filter(([filter]) => filter !== SESSION_FIELD)
        .map(([filter, qos]) => ({ filter, qos: qos === "1" ? 1 : 0 }));
    },
    async add(device, subscriptions) {
      const fields = subscriptions.flatMap(({ filter, qos }) => [filter, qos]);
      await durable.call("HSET", keyOf(device), SESSION_FIELD, "", ...fields);
    },
    async remove(device, filters) {
      if (filters.length > 0) await commands.hdel(keyOf(device), ...filters);
    },
    async clear(device) {
      await commands.del(keyOf(device));
    },
  };
}

function keyOf(device: DeviceRef): string {
  return `trine:subscriptions:${deviceTag(device)}`;
}
