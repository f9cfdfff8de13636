import { deviceKey, type ProductKey } from "@trine/core/certificate";
import { noteReader, partitionOf, shareOf, type UplinkReaders } from "@trine/core/messaging";
import { type GroupOptions, UPLINK_PARTITIONS, type UplinkItem, type UplinkLog } from "@trine/core/ports";
import { createPartitionLease, type PartitionLease } from "./partition-lease.ts";
import { createWatchers } from "./watchers.ts";

/** A message in the log. `position` counts over all partitions. */
interface UplinkRecord extends UplinkItem {
  readonly position: number;
}

interface Group {
  readonly from: GroupOptions["from"];
  ackDeadlineMs: number;
  /** Unset until the first read; `null`: the group sees every product. */
  productKey: ProductKey | null | undefined;
  readers: UplinkReaders;
  readonly leases: readonly PartitionLease[];
}

const DEFAULT_OPTIONS: GroupOptions = { from: "earliest", ackDeadlineMs: 30_000 };

/** How long the id of a message that may come again is known. */
const ONCE_MS = 300_000;

/** Keeps what devices sent until the process ends. For tests. */
export function createMemoryUplinkLog(): UplinkLog {
  let partitions: UplinkRecord[][] = Array.from({ length: UPLINK_PARTITIONS }, () => []);
  let lastPosition = 0;
  const groups = new Map<string, Group>();
  /** Ids that may come again, in the order in which they came, each with when. */
  const knownIds = new Map<string, number>();
  const watchers = createWatchers<UplinkItem>();

  function openGroup(name: string, { from, ackDeadlineMs }: GroupOptions): Group {
    const known = groups.get(name);
    if (known) return known;
    const start = from === "latest" ? lastPosition + 1 : 0;
    const leases = partitions.map(() => createPartitionLease(start));
    const group: Group = { from, ackDeadlineMs, productKey: undefined, readers: [], leases };
    groups.set(name, group);
    return group;
  }

  /** @returns whether the id came within the last minutes; notes it otherwise. */
  function cameBefore(messageId: string): boolean {
    const nowMs = performance.now();
    for (const [id, cameAtMs] of knownIds) {
      if (nowMs - cameAtMs < ONCE_MS) break;
      knownIds.delete(id);
    }
    if (knownIds.has(messageId)) return true;
    knownIds.set(messageId, nowMs);
    return false;
  }

  function* unacknowledged({ productKey, leases }: Group): Generator<UplinkRecord> {
    for (const record of inOrder())
      if (sees({ productKey }, record) && !leaseOf({ leases }, record).isDone(record.position)) yield record;
  }

  const inOrder = () => partitions.flat().toSorted((a, b) => a.position - b.position);

  function isUnread(record: UplinkRecord): boolean {
    return [...groups.values()].some(
      (group) => sees(group, record) && leaseOf(group, record).isUnread(record.position),
    );
  }

  return {
    async append(message, { once = false } = {}) {
      if (once && cameBefore(message.messageId)) return;
      lastPosition += 1;
      const partition = partitionOf(deviceKey(message));
      const record = { ...message, id: `${partition}-${lastPosition}`, position: lastPosition };
      partitions[partition]?.push(record);
      watchers.tell(itemOf(record));
    },
    async putGroup(name, options) {
      openGroup(name, options).ackDeadlineMs = options.ackDeadlineMs;
    },
    async deleteGroup(name) {
      return groups.delete(name);
    },
    async listGroups() {
      return [...groups].map(([name, group]) => {
        const { from, ackDeadlineMs, productKey, leases } = group;
        const unread = [...unacknowledged(group)];
        return {
          group: name,
          from,
          ackDeadlineMs,
          lag: unread.length,
          oldestUnreadAtMs: unread[0]?.receivedAtMs,
          consumers: [...new Set(leases.flatMap((lease) => lease.holder() ?? []))].toSorted(),
          productKey: productKey ?? undefined,
        };
      });
    },
    async read(name, { consumer, count, productKey, nowMs }) {
      const group = openGroup(name, DEFAULT_OPTIONS);
      if (group.productKey === undefined) group.productKey = productKey ?? null;
      if (group.productKey !== (productKey ?? null)) return "filter_differs";
      group.readers = noteReader(group.readers, { consumer, nowMs, deadlineMs: group.ackDeadlineMs });
      const names = group.readers.map(([name]) => name);
      const items: UplinkItem[] = [];
      for (const i of shareOf(names, consumer)) {
        const lease = group.leases[i];
        if (!lease) continue;
        const visible = (partitions[i] ?? []).filter((record) => sees(group, record));
        const ask = { consumer, count: count - items.length, nowMs, deadlineMs: group.ackDeadlineMs };
        items.push(...lease.take(visible, ask).map(itemOf));
      }
      return items;
    },
    async acknowledge(name, ids) {
      const group = groups.get(name);
      let count = 0;
      for (const id of ids) {
        const [, partition, position] = /^(\d{1,2})-(\d{1,15})$/.exec(id) ?? [];
        if (group?.leases[Number(partition)]?.finish(Number(position))) count += 1;
      }
      return count;
    },
    waitForNew: (timeoutMs, signal) => watchers.wait(timeoutMs, signal),
    follow: (signal) => watchers.follow(signal),
    async usage() {
      const [oldest] = inOrder();
      return { bytes: partitions.flat().reduce(addBytes, 0), oldestAtMs: oldest?.receivedAtMs };
    },
    async trim({ olderThanMs, maxBytes }) {
      const records = inOrder();
      let bytes = records.reduce(addBytes, 0);
      const dropped = new Set<UplinkRecord>();
      for (const record of records) {
        if (record.receivedAtMs >= olderThanMs && bytes <= maxBytes) break;
        dropped.add(record);
        bytes -= record.payload.length;
      }
      const unread = [...dropped].filter(isUnread).length;
      partitions = partitions.map((partition) => partition.filter((record) => !dropped.has(record)));
      for (const { leases } of groups.values())
        for (const record of dropped) leaseOf({ leases }, record).finish(record.position);
      return { dropped: dropped.size, unread };
    },
  };
}

function sees({ productKey }: Pick<Group, "productKey">, record: UplinkRecord): boolean {
  return (productKey ?? record.productKey) === record.productKey;
}

function leaseOf({ leases }: Pick<Group, "leases">, record: UplinkRecord): PartitionLease {
  const lease = leases[partitionOf(deviceKey(record))];
  if (!lease) throw new Error("every partition has a lease");
  return lease;
}

function itemOf({ position: _, ...item }: UplinkRecord): UplinkItem {
  return item;
}

function addBytes(sum: number, { payload }: UplinkRecord): number {
  return sum + payload.length;
}
