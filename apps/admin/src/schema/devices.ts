import type { DeviceRecord } from "@trine/core/ports";
import { z } from "zod";
import { instant, pageQuery } from "./names.ts";

const nickname = z.string().min(1).max(64);
const tags = z
  .record(z.string().min(1).max(64), z.string().max(256))
  .refine((given) => Object.keys(given).length <= 100, "at most 100 tags");

export const newDevice = z.strictObject({
  deviceName: z.string().optional().describe("4 to 32 of letters, digits, `-_@.:`. Absent: drawn."),
  nickname: nickname.optional(),
  tags: tags.optional(),
});

export const deviceChange = z.strictObject({ nickname: nickname.nullable().optional(), tags: tags.optional() });

export const deviceStatus = z.enum(["UNACTIVE", "ONLINE", "OFFLINE", "DISABLE"]);

/** Filters of the list; `tag.K=V` pairs are read apart, since their names are free. */
export const deviceQuery = pageQuery
  .extend({ status: deviceStatus.optional(), q: z.string().max(32).optional().describe("Prefix of the name.") })
  .catchall(z.string())
  .describe("`tag.K=V` keeps the devices whose tag K is V.");

export const deviceBody = z.object({
  iotId: z.string(),
  productKey: z.string(),
  deviceName: z.string(),
  nickname: z.string().nullable(),
  tags: z.record(z.string(), z.string()),
  status: deviceStatus,
  createdAt: instant,
  activatedAt: instant.nullable(),
  lastOnlineAt: instant.nullable(),
  lastOfflineAt: instant.nullable(),
  lastAddress: z.string().nullable(),
  lastTransport: z.string().nullable(),
});

export const certificateBody = z.object({ productKey: z.string(), deviceName: z.string(), deviceSecret: z.string() });

export const createdDevice = deviceBody.extend({ deviceSecret: z.string() });

export const revokedBody = z.object({
  closedSessions: z.int().describe("Connections closed and tokens voided, over all nodes."),
  nodes: z.int().describe("Nodes that acknowledged."),
  elapsedMs: z.number(),
});

/** A device as the API shows it. */
export function showDevice(record: DeviceRecord): z.output<typeof deviceBody> {
  return {
    iotId: record.iotId,
    ...record.device,
    nickname: record.nickname ?? null,
    tags: { ...record.tags },
    status: record.status,
    createdAt: new Date(record.createdAtMs).toISOString(),
    activatedAt: showInstant(record.activatedAtMs),
    lastOnlineAt: showInstant(record.lastOnlineAtMs),
    lastOfflineAt: showInstant(record.lastOfflineAtMs),
    lastAddress: record.lastPeer ?? null,
    lastTransport: record.lastTransport ?? null,
  };
}

/** The `tag.K=V` pairs of a query. */
export function tagsOfQuery(query: Readonly<Record<string, unknown>>): Record<string, string> {
  const pairs = Object.entries(query).filter(([name]) => name.startsWith("tag."));
  return Object.fromEntries(pairs.map(([name, value]) => [name.slice("tag.".length), String(value)]));
}

function showInstant(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
