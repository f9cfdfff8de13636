import { deviceKey } from "@trine/core/certificate";
import { partitionOf } from "@trine/core/messaging";
import type { UplinkLog } from "@trine/core/ports";
import type { RedisHandle } from "../connection/redis-handle.ts";
import { createUplinkDelivery } from "./uplink-delivery.ts";
import { toFields } from "./uplink-entry.ts";
import { createUplinkGroups } from "./uplink-groups.ts";
import { streamKey } from "./uplink-keys.ts";
import { createUplinkTrim } from "./uplink-trim.ts";
import { createUplinkWatch } from "./uplink-watch.ts";

/**
 * The uplink log on Redis: a stream for each partition, and beside it, in the same slot, where each group is in it.
 *
 * Appending is one XADD. The groups are our own and not those of Redis, which give one device's messages to several consumers at once.
 */
export function createRedisUplinkLog(redis: RedisHandle): UplinkLog {
  const groups = createUplinkGroups(redis);
  const delivery = createUplinkDelivery(redis);
  const { waitForNew, follow } = createUplinkWatch(redis);

  return {
    async append(message) {
      await redis.commands.xadd(streamKey(partitionOf(deviceKey(message))), "*", ...toFields(message));
    },
    putGroup: groups.put,
    deleteGroup: groups.delete,
    async listGroups() {
      const all = await groups.list();
      return Promise.all(
        all.map(async ([name, group]) => ({
          group: name,
          from: group.from,
          ackDeadlineMs: group.ackDeadlineMs,
          ...(await delivery.standing(group)),
          productKey: group.product || undefined,
        })),
      );
    },
    async read(name, { productKey, ...request }) {
      const group = await groups.bind(name, productKey);
      return group === "filter_differs" ? group : delivery.handOut(group, request);
    },
    async acknowledge(name, ids) {
      const group = await groups.find(name);
      return group ? delivery.acknowledge(group, ids) : 0;
    },
    waitForNew,
    follow,
    trim: createUplinkTrim(redis, groups),
  };
}
