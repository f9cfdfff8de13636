import type { ProductKey } from "@trine/core/certificate";
import type { UplinkItem, UplinkLog } from "@trine/core/ports";
import { randomName } from "./fixtures.ts";

/** A consumer of a group, for suites. */
export interface UplinkReader {
  readonly group: string;
  /** Reads once. @throws when the group is bound to something else. */
  read(count: number, at?: { nowMs: number }): Promise<readonly UplinkItem[]>;
  acknowledge(items: readonly UplinkItem[]): Promise<number>;
  /** Reads and acknowledges, a few at a time, until nothing comes. */
  drain(): Promise<UplinkItem[]>;
}

/** A reader of one product's messages, so that suites can share a log. */
export function aReader(
  log: UplinkLog,
  { productKey, group = randomName(), consumer = "a" }: { productKey?: ProductKey; group?: string; consumer?: string },
): UplinkReader {
  async function read(count: number, { nowMs } = { nowMs: Date.now() }) {
    const items = await log.read(group, { consumer, count, nowMs, ...(productKey ? { productKey } : {}) });
    if (items === "filter_differs") throw new Error(`the group ${group} is bound to something else`);
    return items;
  }
  const acknowledge = (items: readonly UplinkItem[]) =>
    log.acknowledge(
      group,
      items.map(({ id }) => id),
    );
  async function drain() {
    const all: UplinkItem[] = [];
    for (let items = await read(7); items.length > 0; items = await read(7)) {
      all.push(...items);
      await acknowledge(items);
    }
    return all;
  }
  return { group, read, acknowledge, drain };
}

/** The payloads as text, for comparison. */
export function textsOf(items: readonly UplinkItem[]): string[] {
  return items.map(({ payload }) => payload.toString());
}
