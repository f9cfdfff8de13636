import { deviceKey } from "@trine/core/certificate";
import { partitionOf } from "@trine/core/messaging";
import type { UplinkLog } from "@trine/core/ports";
import { defineScript } from "../connection/define-script.ts";
import type { RedisHandle } from "../connection/redis-handle.ts";
import { createUplinkDelivery } from "./uplink-delivery.ts";
import { toFields } from "./uplink-entry.ts";
import { createUplinkGroups } from "./uplink-groups.ts";
import { onceKey, streamKey } from "./uplink-keys.ts";
import { createUplinkTrim } from "./uplink-trim.ts";
import { createUplinkWatch } from "./uplink-watch.ts";

/** How long the id of a message that may come again is known. */
const ONCE_MS = 300_000;

/**
 * Appends unless the id stands. It is set last: an append that fails must not look like one that was done. And it is set each time:
 * replicas are waited for up to what an attempt writes itself, and the first attempt may have failed over that.
 */
const APPEND_ONCE = `
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('XADD', KEYS[1], '*', unpack(ARGV, 2)) end
redis.call('SET', KEYS[2], '', 'PX', ARGV[1])
`;

/**
 * The uplink log on Redis: a stream for each partition, and beside it, in the same slot, where each group is in it.
 *
 * Appending is one XADD, or one script for what may come again. The groups are our own and not those of Redis, which give one device's
 * messages to several consumers at once.
 */
export function createRedisUplinkLog(redis: RedisHandle): UplinkLog {
  const groups = createUplinkGroups(redis);
  const delivery = createUplinkDelivery(redis);
  const { waitForNew, follow } = createUplinkWatch(redis);
  const { usage, trim } = createUplinkTrim(redis, groups);
  const appendOnce = defineScript(redis, { name: "UplinkAppendOnce", keys: 2, lua: APPEND_ONCE, durable: true });

  return {
    async append(message, { once = false } = {}) {
      const partition = partitionOf(deviceKey(message));
      const fields = toFields(message);
      if (once) await appendOnce(streamKey(partition), onceKey(partition, message.messageId), ONCE_MS, ...fields);
      else await redis.durable.call("XADD", streamKey(partition), "*", ...fields);
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
    async read(name, request) {
      const bound = await groups.bind(name, request);
      if (bound === "filter_differs") return bound;
      return delivery.handOut(bound.group, { ...request, readers: bound.readers });
    },
    async acknowledge(name, ids) {
      const group = await groups.find(name);
      return group ? delivery.acknowledge(group, ids) : 0;
    },
    waitForNew,
    follow,
    usage,
    trim,
  };
}
