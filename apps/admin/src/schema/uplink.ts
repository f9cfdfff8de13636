import type { GroupInfo, UplinkItem } from "@trine/core/ports";
import { instant } from "@trine/services/rest";
import { z } from "zod";

export const DEFAULT_ACK_DEADLINE_MS = 30_000;

export const groupParams = z.object({
  group: z.string().regex(/^[A-Za-z0-9_.-]{1,64}$/, "1 to 64 of letters, digits, _.-"),
});

export const groupOptions = z.strictObject({
  from: z.enum(["earliest", "latest"]).default("earliest").describe("Where a new group starts."),
  ackDeadlineMs: z.int().min(100).max(3_600_000).default(DEFAULT_ACK_DEADLINE_MS),
});

export const groupBody = z.object({
  group: z.string(),
  from: z.enum(["earliest", "latest"]),
  ackDeadlineMs: z.int(),
  lag: z.int().describe("Messages not acknowledged yet."),
  oldestUnreadAt: instant.nullable().describe("When the oldest of these was received."),
  consumers: z.array(z.string()).describe("Who holds messages now."),
  productKey: z.string().nullable().describe("The product that the group is bound to, if any."),
});

export const readRequest = z.strictObject({
  consumer: z
    .string()
    .min(1)
    .max(128)
    .describe(
      "Stays the same over the reads of one process: consumers that read at the same time share the group's partitions evenly, " +
        "and one that has not read for `ackDeadlineMs` loses its share to the others.",
    ),
  count: z.int().min(1).max(1_000).default(100),
  waitMs: z.int().min(0).max(60_000).default(0).describe("How long to wait when nothing is there."),
  productKey: z.string().optional().describe("Binds the group to one product, from its first read on."),
});

export const uplinkItem = z.object({
  id: z.string(),
  messageId: z.string(),
  productKey: z.string(),
  deviceName: z.string(),
  topic: z.string(),
  payload: z.string().describe("base64"),
  qos: z.int(),
  transport: z.string(),
  receivedAt: instant,
});

/** A group as the API shows it. */
export function showGroup({ productKey, consumers, oldestUnreadAtMs, ...rest }: GroupInfo): z.output<typeof groupBody> {
  return {
    ...rest,
    oldestUnreadAt: oldestUnreadAtMs === undefined ? null : new Date(oldestUnreadAtMs).toISOString(),
    consumers: [...consumers],
    productKey: productKey ?? null,
  };
}

/** A message as the API shows it. */
export function showItem({ payload, receivedAtMs, ...rest }: UplinkItem): z.output<typeof uplinkItem> {
  return { ...rest, payload: payload.toString("base64"), receivedAt: new Date(receivedAtMs).toISOString() };
}
