import { describe, expect, it } from "vitest";
import { expireLease, handOut, isOpenTo, type PartitionCursor, settleMessages } from "./partition-cursor.ts";

const fresh: PartitionCursor = { partition: 3, readTo: 0, consumer: null, out: [], again: [] };
const lease = (deadlineMs: number, consumer = "a") => ({ consumer, deadlineMs });

describe("a partition's cursor", () => {
  it("belongs to the consumer that has messages out, until the last is acknowledged", () => {
    const held = handOut(fresh, [1, 5], lease(100));
    expect([isOpenTo(held, "a"), isOpenTo(held, "b")]).toEqual([true, false]);
    const half = settleMessages(held, new Set([5])).cursor;
    expect(isOpenTo(half, "b")).toBe(false);
    expect(isOpenTo(settleMessages(half, new Set([1])).cursor, "b")).toBe(true);
  });

  it("ends the lease at the deadline of the oldest message, with all that is out", () => {
    const held = handOut(handOut(fresh, [1], lease(100)), [5], lease(190));
    expect(expireLease(held, 99)).toBe(held);
    expect(expireLease(held, 100)).toEqual({ ...fresh, readTo: 5, again: [1, 5] });
  });

  it("keeps the order when only some of what comes again is handed out before the next deadline", () => {
    const twice = expireLease(handOut(fresh, [1, 5, 9], lease(100)), 100);
    const part = handOut(twice, [1], lease(200, "b"));
    expect(part).toMatchObject({ readTo: 9, out: [[1, 200]], again: [5, 9] });
    expect(expireLease(part, 200).again).toEqual([1, 5, 9]);
  });

  it("counts each message once, out or to come again, and nothing that it does not know", () => {
    const part = handOut(expireLease(handOut(fresh, [1, 5], lease(100)), 100), [1], lease(200));
    const { cursor, settled } = settleMessages(part, new Set([1, 5, 7]));
    expect(settled).toBe(2);
    expect(cursor).toEqual({ ...fresh, readTo: 5 });
    expect(settleMessages(cursor, new Set([1])).settled).toBe(0);
  });

  it("stays the same object when nothing changes, so that nothing is written", () => {
    expect(expireLease(fresh, 1_000)).toBe(fresh);
    expect(handOut(fresh, [], lease(1))).toBe(fresh);
    expect(settleMessages(fresh, new Set([4])).cursor).toBe(fresh);
  });
});
