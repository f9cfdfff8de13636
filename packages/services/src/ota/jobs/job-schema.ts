import { parseDeviceName, parseProductKey } from "@trine/core/certificate";
import { z } from "zod";
import { instant, pageQuery } from "../../kit/rest/index.ts";
import { DEFAULT_MODULE, moduleName, versionName } from "../names.ts";
import type { Job, Target } from "./job.ts";
import { TARGET_STATES, type TargetState } from "./target-machine.ts";

const MOST_NAMES = 10_000;
const DAY_S = 86_400;

const name = z.string().refine((text) => parseDeviceName(text) !== undefined, "not a device name");

const filterBody = z.strictObject({
  namePrefix: z
    .string()
    .regex(/^[A-Za-z0-9_@.:-]{1,32}$/)
    .optional(),
  tags: z.record(z.string().min(1), z.string()).optional().describe("A device has all of them."),
  sourceVersions: z.array(z.string().min(1).max(64)).min(1).max(100).optional().describe("What the module runs now."),
  percent: z
    .number()
    .min(0.01)
    .max(100)
    .optional()
    .describe("A part of them; those of a smaller one are in each larger one of the same version."),
});

/** What an operator asks for. */
export const newJob = z
  .strictObject({
    productKey: z.string().transform((text, context) => {
      const key = parseProductKey(text);
      if (key) return key;
      context.addIssue({ code: "custom", message: "not a product key" });
      return z.NEVER;
    }),
    module: moduleName.default(DEFAULT_MODULE),
    version: versionName.describe("Of a firmware that is uploaded."),
    deviceNames: z.array(name).min(1).max(MOST_NAMES).optional().describe("Only these."),
    filter: filterBody.default({}).describe("All conditions together. Without any: every device of the product."),
    push: z.boolean().default(true).describe("Whether devices are told. If not, they have to ask."),
    ratePerMinute: z
      .number()
      .int()
      .min(1)
      .max(60_000)
      .default(1_000)
      .describe("Devices in any minute, over all nodes."),
    timeoutSeconds: z
      .number()
      .int()
      .min(10)
      .max(30 * DAY_S)
      .default(DAY_S)
      .describe("How long a device has from when it is told until it informs of the version."),
    retries: z.number().int().min(0).max(10).default(1).describe("Further times that a device that failed is told."),
    stopAtFailurePercent: z.number().int().min(0).max(99).optional().describe("The job pauses when more have failed."),
    stopAfter: z.number().int().min(1).max(100_000).default(20).describe("... once so many devices have ended."),
  })
  .transform(({ deviceNames, filter, push, timeoutSeconds, stopAtFailurePercent, ...job }) => ({
    ...job,
    filter: {
      ...(deviceNames ? { deviceNames: [...new Set(deviceNames)].sort() } : {}),
      ...(filter.namePrefix === undefined ? {} : { namePrefix: filter.namePrefix }),
      ...(filter.tags === undefined ? {} : { tags: filter.tags }),
      ...(filter.sourceVersions === undefined ? {} : { sourceVersions: filter.sourceVersions }),
      ...(filter.percent === undefined ? {} : { percent: filter.percent }),
    },
    isPushed: push,
    timeoutMs: timeoutSeconds * 1_000,
    ...(stopAtFailurePercent === undefined ? {} : { stopAtPercent: stopAtFailurePercent }),
  }));

export const jobsQuery = pageQuery.extend({ productKey: z.string().optional() });
export const jobQuery = z.strictObject({});
export const targetsQuery = pageQuery.extend({ state: z.enum(TARGET_STATES).optional() });

const counts = z.object(
  Object.fromEntries(TARGET_STATES.map((state) => [state, z.number()])) as Record<TargetState, z.ZodNumber>,
);

export const jobBody = z.object({
  jobId: z.string(),
  productKey: z.string(),
  module: z.string(),
  version: z.string(),
  state: z.enum(["running", "paused", "finished", "cancelled"]),
  why: z.enum(["operator", "failures"]).optional().describe("Why it is paused."),
  deviceNames: z.number().optional().describe("How many it was given."),
  filter: filterBody,
  push: z.boolean(),
  ratePerMinute: z.number(),
  timeoutSeconds: z.number(),
  retries: z.number(),
  stopAtFailurePercent: z.number().optional(),
  stopAfter: z.number(),
  planned: z.boolean().describe("Whether all its devices are known."),
  busy: z.number().describe("Devices that were left out, since another job has the same module of them."),
  devices: counts.optional().describe("How many stand where."),
  createdAt: instant,
  createdBy: z.string(),
  endedAt: instant.optional(),
});

export const targetBody = z.object({
  deviceName: z.string(),
  state: z.enum(TARGET_STATES),
  attempts: z.number().describe("How often its turn came."),
  step: z.number().optional().describe("Percent, as the device told last."),
  reason: z.string().optional().describe("Why the last attempt failed."),
  detail: z.string().optional().describe("In the words of the device."),
  changedAt: instant,
});

export function showJob(job: Job, devices?: Readonly<Record<TargetState, number>>): z.input<typeof jobBody> {
  const { filter, isPushed, timeoutMs, stopAtPercent, isPlanned, createdAtMs, endedAtMs, ...same } = job;
  const { deviceNames, tags, sourceVersions, ...rest } = filter;
  const { firmwareId: _, ...shown } = same;
  return {
    ...shown,
    ...(deviceNames ? { deviceNames: deviceNames.length } : {}),
    filter: {
      ...rest,
      ...(tags ? { tags: { ...tags } } : {}),
      ...(sourceVersions ? { sourceVersions: [...sourceVersions] } : {}),
    },
    push: isPushed,
    timeoutSeconds: timeoutMs / 1_000,
    ...(stopAtPercent === undefined ? {} : { stopAtFailurePercent: stopAtPercent }),
    planned: isPlanned,
    ...(devices ? { devices: { ...devices } } : {}),
    createdAt: new Date(createdAtMs).toISOString(),
    ...(endedAtMs === undefined ? {} : { endedAt: new Date(endedAtMs).toISOString() }),
  };
}

export function showTarget({ changedAtMs, ...same }: Target): z.input<typeof targetBody> {
  return { ...same, changedAt: new Date(changedAtMs).toISOString() };
}
