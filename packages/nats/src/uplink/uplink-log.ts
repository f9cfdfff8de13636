import { deviceKey } from "@trine/core/certificate";
import { noteReader, partitionOf, settleMessages } from "@trine/core/messaging";
import type { GroupOptions, UplinkItem, UplinkLog } from "@trine/core/ports";
import type { NatsHandle } from "../connection/nats-handle.ts";
import { STREAM, subjectOf } from "../connection/uplink-stream.ts";
import { standingOf } from "./group-standing.ts";
import { cursorOf, type GroupState, withCursors } from "./group-state.ts";
import { createGroupStore } from "./group-store.ts";
import { handOutOf } from "./hand-out.ts";
import { createStreamReader } from "./stream-reader.ts";
import { positionsOf, toHeaders } from "./uplink-message.ts";
import { createUplinkTrim } from "./uplink-trim.ts";
import { createUplinkWatch } from "./uplink-watch.ts";

// Of a group that is made by its first read.
const DEFAULTS: GroupOptions = { from: "earliest", ackDeadlineMs: 30_000 };

/**
 * The uplink log on NATS JetStream: one stream with a subject for each partition, which other programs may read as well, and a value for
 * each group in a bucket (docs/decisions/0010-nats-uplink.md).
 *
 * Every message is published under its messageId, so `once` holds for all of them.
 */
export function createNatsUplinkLog(nats: NatsHandle): UplinkLog {
  const stream = createStreamReader(nats);
  const groups = createGroupStore(nats);
  const { waitForNew, follow } = createUplinkWatch(stream);
  const trim = createUplinkTrim(nats, { groups, stream });

  async function newGroup(name: string, options: GroupOptions): Promise<GroupState> {
    const startPosition = options.from === "latest" ? (await stream.bounds()).last : 0;
    return { name, ...options, readers: [], startPosition, cursors: new Map() };
  }

  return {
    append: (message) =>
      nats.run(async () => {
        const subject = subjectOf(partitionOf(deviceKey(message)));
        const { duplicate, seq } = await nats.jetstream.publish(subject, message.payload, {
          headers: toHeaders(message),
          expect: { streamName: STREAM },
        });
        // A cluster of nats-server 2.10 says so while the first append is not decided yet: it may still fail.
        if (duplicate && seq === 0) throw new Error("the same message is being appended");
      }),
    putGroup: (name, options) =>
      nats.run(() =>
        groups.change(name, async (known) => {
          const group = known ?? (await newGroup(name, options));
          return { group: { ...group, ackDeadlineMs: options.ackDeadlineMs }, answer: undefined };
        }),
      ),
    deleteGroup: (name) => nats.run(() => groups.delete(name)),
    listGroups: () =>
      nats.run(async () =>
        Promise.all(
          (await groups.list()).map(async (group) => {
            const { name, from, ackDeadlineMs, productKey } = group;
            const standing = await standingOf(group, stream);
            return { group: name, from, ackDeadlineMs, ...standing, productKey: productKey ?? undefined };
          }),
        ),
      ),
    read: (name, { productKey = null, ...request }) =>
      nats.run(() =>
        groups.change<readonly UplinkItem[] | "filter_differs">(name, async (known) => {
          const group = known ?? (await newGroup(name, DEFAULTS));
          if (group.productKey !== undefined && group.productKey !== productKey) {
            return { group: known, answer: "filter_differs" };
          }
          const readers = noteReader(group.readers, { ...request, deadlineMs: group.ackDeadlineMs });
          const isNoted = group.productKey !== undefined && readers === group.readers;
          const reading = isNoted ? group : { ...group, productKey, readers };
          const { group: after, items } = await handOutOf(reading, request, stream);
          return { group: after, answer: items };
        }),
      ),
    acknowledge: (name, ids) =>
      nats.run(() =>
        groups.change(name, async (group) => {
          if (!group) return { group, answer: 0 };
          const results = [...positionsOf(ids)].map(([partition, positions]) =>
            settleMessages(cursorOf(group, partition), positions),
          );
          const changed = results.filter(({ settled }) => settled > 0);
          const cursors = changed.map(({ cursor }) => cursor);
          return {
            group: cursors.length > 0 ? withCursors(group, cursors) : group,
            answer: changed.reduce((sum, { settled }) => sum + settled, 0),
          };
        }),
      ),
    waitForNew: (timeoutMs, signal) => nats.run(() => waitForNew(timeoutMs, signal)),
    follow,
    usage: () =>
      nats.run(async () => {
        const { first, last, bytes } = await stream.bounds();
        const oldest = await stream.next(first, last);
        return { bytes, oldestAtMs: oldest?.item?.receivedAtMs ?? oldest?.storedAtMs };
      }),
    trim: (bounds) => nats.run(() => trim(bounds)),
  };
}
