import type { ProductKey } from "@trine/core/certificate";
import type { UplinkItem, UplinkLog } from "@trine/core/ports";
import { randomName } from "@trine/testkit/ports";
import { expect } from "vitest";

/**
 * Reads until nothing comes and at least `count` messages have, while servers may still be coming back: what was read and not
 * acknowledged then comes again. @returns each message once, in the order in which they came first.
 */
export async function readThroughFaults(
  log: UplinkLog,
  { productKey, count }: { productKey: ProductKey; count: number },
): Promise<UplinkItem[]> {
  const group = randomName();
  const seen = new Map<string, UplinkItem>();
  async function readOnce(): Promise<boolean> {
    await log.putGroup(group, { from: "earliest", ackDeadlineMs: 1_000 });
    const items = await log.read(group, { consumer: "a", count: 500, productKey, nowMs: Date.now() });
    if (items === "filter_differs") throw new Error("the group is new");
    for (const item of items) if (!seen.has(item.id)) seen.set(item.id, item);
    await log.acknowledge(
      group,
      items.map(({ id }) => id),
    );
    return items.length === 0 && seen.size >= count;
  }
  await expect.poll(() => readOnce().catch(() => false), { timeout: 60_000, interval: 1 }).toBe(true);
  return [...seen.values()];
}
