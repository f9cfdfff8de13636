import type { DeviceName, ProductKey } from "../certificate/names.ts";

/** A message from a device, as it is appended. */
export interface UplinkMessage {
  /** Decimal text of a 64-bit number. */
  readonly messageId: string;
  readonly productKey: ProductKey;
  readonly deviceName: DeviceName;
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly transport: string;
  readonly receivedAtMs: number;
}

/** A message as a consumer gets it. */
export interface UplinkItem extends UplinkMessage {
  /** Acknowledge with this. Opaque. */
  readonly id: string;
}

export interface GroupOptions {
  /** Where a new group starts. */
  readonly from: "earliest" | "latest";
  /** How long a consumer may keep a message unacknowledged before it is given to another. */
  readonly ackDeadlineMs: number;
}

export interface GroupInfo extends GroupOptions {
  readonly group: string;
  /** Messages not acknowledged by the group yet. */
  readonly lag: number;
  /** When the oldest of these came; `undefined` when there is none. What other products sent may count until the group has looked past it. */
  readonly oldestUnreadAtMs: number | undefined;
  /** Who holds messages now. */
  readonly consumers: readonly string[];
  /** Set by the first read that named one: the group sees this product only. */
  readonly productKey: ProductKey | undefined;
}

export const UPLINK_PARTITIONS = 64;

/**
 * What devices sent, partitioned by device, read by consumer groups at least once.
 *
 * A partition is leased to one consumer of a group at a time: while messages of it are out and not acknowledged, only their
 * consumer gets more of it. So each device's order holds within a group. When the deadline of the oldest passes, the lease ends and
 * redelivery restarts at the oldest unacknowledged message.
 *
 * Consumers of a group that read at the same time share its partitions evenly (`shareOf`), whoever of them reads more often; one that
 * reads alone gets everything. A consumer is known by its name, has its share from its first read on, and loses it when it has not
 * read for the deadline of the group, or up to an eighth longer. A partition that changes hands while messages of it are out goes over when these are
 * acknowledged or their deadline has passed; until then nobody gets more of it.
 */
export interface UplinkLog {
  /**
   * Appends one message. Durable when the promise resolves; messages of one device appended one after the other keep their order.
   *
   * @param options.once the same messageId may come again within five minutes: it is appended once, and both promises resolve. Costs
   * a little more, so only what may come again asks for it.
   */
  append(message: UplinkMessage, options?: { once?: boolean }): Promise<void>;
  /** Makes a group or changes its deadline. An existing group's position stays. */
  putGroup(group: string, options: GroupOptions): Promise<void>;
  /** @returns false when there is none. */
  deleteGroup(group: string): Promise<boolean>;
  listGroups(): Promise<readonly GroupInfo[]>;
  /**
   * Hands out at most `count` messages at once, without waiting. A group that is read first is made, from the earliest.
   * `filter_differs`: the group is bound to another product (or to none) already.
   */
  read(
    group: string,
    request: { consumer: string; count: number; productKey?: ProductKey; nowMs: number },
  ): Promise<readonly UplinkItem[] | "filter_differs">;
  /** Acknowledges. @returns how many of the ids were out in this group. Ids that cannot be read are not counted. */
  acknowledge(group: string, ids: readonly string[]): Promise<number>;
  /** Resolves when something may have been appended, or after `timeoutMs`, or when the signal aborts. */
  waitForNew(timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Messages as they are appended, from now on, for looking. May skip when the reader is slow. Ends with the signal. */
  follow(signal: AbortSignal): AsyncIterable<UplinkItem>;
  /** What the log holds: bytes, as `trim` counts them, and when its oldest message came. */
  usage(): Promise<{ bytes: number; oldestAtMs: number | undefined }>;
  /** Drops the oldest messages beyond an age or a size, over all partitions. @returns how many were dropped, and how many of these some group had not read. */
  trim(bounds: { olderThanMs: number; maxBytes: number }): Promise<{ dropped: number; unread: number }>;
}
