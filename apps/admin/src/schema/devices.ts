import type { DeviceRecord } from "@trine/core/ports";
import { DEVICE_FACTS } from "@trine/core/registry";
import { instant, pageQuery } from "@trine/services/rest";
import { z } from "zod";

const { nicknameChars, tags: mostTags, tagNameChars, tagValueChars } = DEVICE_FACTS;
const nickname = z.string().min(1).max(nicknameChars);
const tags = z
  .record(z.string().min(1).max(tagNameChars), z.string().max(tagValueChars))
  .refine((given) => Object.keys(given).length <= mostTags, `at most ${mostTags} tags`);

export const newDevice = z.strictObject({
  deviceName: z.string().optional().describe("4 to 32 of letters, digits, `-_@.:`. Absent: drawn."),
  nickname: nickname.optional(),
  tags: tags.optional(),
});

export const deviceChange = z.strictObject({ nickname: nickname.nullable().optional(), tags: tags.optional() });

export const deviceStatus = z.enum(["UNACTIVE", "ONLINE", "OFFLINE", "DISABLE"]);

const LIST_FIELDS = {
  ...pageQuery.shape,
  status: deviceStatus.optional(),
  q: z.string().max(32).optional().describe("Prefix of the name."),
};

/** Filters of the list; `tag.K=V` pairs are read apart, since their names are free. */
export const deviceQuery = z
  .object(LIST_FIELDS)
  .catchall(z.string())
  .superRefine((query, context) => {
    for (const name of Object.keys(query)) {
      if (Object.hasOwn(LIST_FIELDS, name) || /^tag\../s.test(name)) continue;
      context.addIssue({ code: "unrecognized_keys", keys: [name], input: query });
    }
  })
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
  lastSeenAt: instant.nullable().describe("The last sign of life on any protocol, up to a minute late."),
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
    lastSeenAt: showInstant(record.lastSeenAtMs),
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
