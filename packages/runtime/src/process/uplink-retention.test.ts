import { parseDeviceRef } from "@trine/core/certificate";
import { createMemoryUplinkLog } from "@trine/memory";
import { describe, expect, it } from "vitest";
import { createMetrics } from "../observe/metrics.ts";
import { createUplinkRetention, dropsSoon } from "./uplink-retention.ts";

const HOUR_MS = 3_600_000;
const bounds = { maxAgeMs: 10 * HOUR_MS, maxBytes: 1_000 };

function aRetention() {
  const uplinkLog = createMemoryUplinkLog();
  const metrics = createMetrics("test");
  const told: { event: string; group?: string; unread?: number }[] = [];
  const tell = (fields: object) => void told.push(fields as (typeof told)[number]);
  let nowMs = 1_000_000 * HOUR_MS;
  const keep = createUplinkRetention({
    uplinkLog,
    bounds,
    metrics,
    logger: { warn: tell, error: tell } as never,
    clock: { nowMs: () => nowMs },
  });
  const device = parseDeviceRef("a1b2C3d4E5f", "pump");
  let sent = 0;
  return {
    uplinkLog,
    told,
    keep,
    pass(hours: number) {
      nowMs += hours * HOUR_MS;
    },
    async send(bytes: number) {
      if (!device) throw new Error("the names are valid");
      sent += 1;
      const message = { topic: "/t", qos: 1, transport: "test", receivedAtMs: nowMs } as const;
      await uplinkLog.append({ ...device, ...message, messageId: String(sent), payload: Buffer.alloc(bytes) });
    },
    async read(group: string) {
      const items = await uplinkLog.read(group, { consumer: "a", count: 1_000, nowMs });
      if (items === "filter_differs") throw new Error("the group sees every product");
      const ids = items.map(({ id }) => id);
      await uplinkLog.acknowledge(group, ids);
    },
    async metric(name: string) {
      const text = await metrics.registry.getSingleMetricAsString(name);
      return text.split("\n").filter((line) => !line.startsWith("#") && line !== "");
    },
  };
}

describe("the uplink log", () => {
  it("raises the alarm for a group whose messages grow old, once, before any of them is dropped", async () => {
    const { keep, send, read, pass, told, metric } = aRetention();
    await send(100);
    await read("fast");
    await read("slow");
    await send(100);
    await read("fast");
    pass(8.9);
    await keep();
    expect(told).toEqual([]);
    expect(await metric("trine_uplink_unread_drop_soon")).toEqual([
      expect.stringMatching(/group="fast".* 0$/),
      expect.stringMatching(/group="slow".* 0$/),
    ]);
    pass(0.2);
    await keep();
    expect(await metric("trine_uplink_unread_drop_soon")).toContainEqual(expect.stringMatching(/group="slow".* 1$/));
    expect(await metric("trine_uplink_oldest_unread_seconds")).toContainEqual(
      expect.stringMatching(/group="slow".* 32760$/),
    );
    expect(told).toEqual([expect.objectContaining({ event: "uplink.unread_drop_soon", group: "slow", lag: 1 })]);
    for (let i = 0; i < 4; i += 1) await keep();
    expect(told).toHaveLength(1);
    pass(1);
    for (let i = 0; i < 3; i += 1) await keep();
    expect(told.at(-1)).toEqual({ event: "uplink.unread_dropped", unread: 1 });
    expect(await metric("trine_uplink_dropped_total")).toContainEqual(expect.stringMatching(/read="no".* 1$/));
  });

  it("raises the alarm when it is nearly full and a group has not read its oldest, and ends it when that has read", async () => {
    const { uplinkLog, keep, send, read, pass, told, metric } = aRetention();
    for (let i = 0; i < 9; i += 1) {
      await send(100);
      pass(0.1);
      await read("fast");
    }
    await send(1);
    await keep();
    expect(await metric("trine_uplink_used_ratio")).toEqual([expect.stringMatching(/ 0\.901$/)]);
    expect(told).toEqual([]);
    await uplinkLog.putGroup("slow", { from: "earliest", ackDeadlineMs: 1_000 });
    await keep();
    expect(told).toEqual([expect.objectContaining({ event: "uplink.unread_drop_soon", group: "slow", lag: 10 })]);
    await read("slow");
    await keep();
    expect(await metric("trine_uplink_unread_drop_soon")).toContainEqual(expect.stringMatching(/group="slow".* 0$/));
    expect(await metric("trine_uplink_dropped_total")).toContainEqual(expect.stringMatching(/read="no".* 0$/));
  });
});

describe("messages that a group has not read", () => {
  const nowMs = 1_000 * HOUR_MS;
  const at = (bytes: number, oldestHours: number) => ({
    usage: { bytes, oldestAtMs: nowMs - oldestHours * HOUR_MS },
    bounds,
    nowMs,
  });

  it.each([
    ["none", undefined, at(999, 5), false],
    ["old, in a log with room", 9, at(10, 9), true],
    ["young, in a log with room", 8.9, at(10, 9), false],
    ["the oldest of a full log", 5, at(900, 5), true],
    ["among the newer of a full log", 4.4, at(900, 5), false],
    ["the oldest of a log with room", 5, at(899, 5), false],
  ])("%s", (_, hours, state, expected) => {
    expect(dropsSoon(hours === undefined ? undefined : nowMs - hours * HOUR_MS, state)).toBe(expected);
  });
});
