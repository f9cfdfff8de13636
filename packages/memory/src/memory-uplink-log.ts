import { deviceKey, type ProductKey } from "@trine/core/certificate";
import {
  type GroupOptions,
  UPLINK_PARTITIONS,
  type UplinkItem,
  type UplinkLog,
  type UplinkMessage,
} from "@trine/core/ports";
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
  readonly consumers: Set<string>;
  readonly leases: readonly PartitionLease[];
}

const DEFAULT_OPTIONS: GroupOptions = { from: "earliest", ackDeadlineMs: 30_000 };

/** Keeps what devices sent until the process ends. For tests. */
export function createMemoryUplinkLog(): UplinkLog {
  let partitions: UplinkRecord[][] = Array.from({ length: UPLINK_PARTITIONS }, () => []);
  let lastPosition = 0;
  const groups = new Map<string, Group>();
  const watchers = createWatchers<UplinkItem>();

  function openGroup(name: string, { from, ackDeadlineMs }: GroupOptions): Group {
    const known = groups.get(name);
    if (known) return known;
    const start = from === "latest" ? lastPosition + 1 : 0;
    const leases = partitions.map(() => createPartitionLease(start));
    const group: Group = { from, ackDeadlineMs, productKey: undefined, consumers: new Set(), leases };
    groups.set(name, group);
    return group;
  }

  const inOrder = () => partitions.flat().toSorted((a, b) => a.position - b.position);

  function isUnread(record: UplinkRecord): boolean {
    return [...groups.values()].some(
      (group) => sees(group, record) && leaseOf(group, record).isUnread(record.position),
    );
  }

  return {
    async append(message) {
      lastPosition += 1;
      const partition = partitionOf(message);
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
      return [...groups].map(([group, { from, ackDeadlineMs, productKey, consumers, leases }]) => ({
        group,
        from,
        ackDeadlineMs,
        lag: partitions
          .flat()
          .filter((record) => sees({ productKey }, record) && !leaseOf({ leases }, record).isDone(record.position))
          .length,
        consumers: [...consumers],
        productKey: productKey ?? undefined,
      }));
    },
    async read(name, { consumer, count, productKey, nowMs }) {
      const group = openGroup(name, DEFAULT_OPTIONS);
      if (group.productKey === undefined) group.productKey = productKey ?? null;
      if (group.productKey !== (productKey ?? null)) return "filter_differs";
      group.consumers.add(consumer);
      const items: UplinkItem[] = [];
      for (const [i, lease] of group.leases.entries()) {
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
    async trim({ olderThanMs, maxBytes }) {
      const records = inOrder();
      let bytes = records.reduce((sum, { payload }) => sum + payload.length, 0);
      const dropped = new Set<UplinkRecord>();
      for (const record of records) {
        if (record.receivedAtMs >= olderThanMs && bytes <= maxBytes) break;
        dropped.add(record);
        bytes -= record.payload.length;
      }
      const unread = [...dropped].filter(isUnread).length;
      partitions = partitions.map((partition) => partition.filter((record) => !dropped.has(record)));
      for (const { leases } of groups.values())
        for (const record of dropped) leases[partitionOf(record)]?.finish(record.position);
      return { dropped: dropped.size, unread };
    },
  };
}

function sees({ productKey }: Pick<Group, "productKey">, record: UplinkRecord): boolean {
  return (productKey ?? record.productKey) === record.productKey;
}

function leaseOf({ leases }: Pick<Group, "leases">, record: UplinkRecord): PartitionLease {
  const lease = leases[partitionOf(record)];
  if (!lease) throw new Error("every partition has a lease");
  return lease;
}

function itemOf({ position: _, ...item }: UplinkRecord): UplinkItem {
  return item;
}

/** FNV-1a over the device, so that a device keeps its partition. */
function partitionOf(message: Pick<UplinkMessage, "productKey" | "deviceName">): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(deviceKey(message))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % UPLINK_PARTITIONS;
}
