import type { KeyStatus } from "@trine/core/keys";
import { instant } from "@trine/services/rest";
import { z } from "zod";

/** How it stands about the keys that encrypt secrets at rest. */
export const keysBody = z.object({
  installationId: z.string(),
  activeDataKey: z
    .string()
    .optional()
    .describe("Seals secrets. Absent: the master key does, until the first rotation."),
  phase: z
    .enum(["never", "announced", "activated", "sealing", "checking", "done"])
    .describe(
      "announced: every process learns the new key. activated: every process seals with it. sealing: stored secrets are sealed again. checking: all are read once more.",
    ),
  waitingFor: z
    .array(z.string())
    .describe("Processes that did not acknowledge the key yet; the rotation waits for them."),
  total: z.int().describe("Secrets to read; an estimate above a million."),
  done: z.int(),
  resealed: z.int(),
  broken: z.int().describe("Secrets that do not open: they were changed, or stand in another's row."),
  ratePerSecond: z.number(),
  startedAt: instant.optional(),
  finishedAt: instant.optional(),
  masterKeys: z.array(
    z.object({
      id: z.string(),
      state: z
        .enum(["primary", "next", "needed", "unneeded"])
        .describe("next: waits until every process has it. needed: still opens something. unneeded: its line may go."),
      addedAt: instant,
      retiredAt: instant.optional(),
    }),
  ),
  dataKeys: z.array(z.object({ id: z.string(), wrappedBy: z.string(), createdAt: instant, active: z.boolean() })),
});

/** The status as the API shows it. */
export function showKeys(status: KeyStatus): z.output<typeof keysBody> {
  const { startedAtMs, finishedAtMs, waitingFor, masterKeys, dataKeys, ...rest } = status;
  return {
    ...rest,
    waitingFor: [...waitingFor],
    ...(startedAtMs === undefined ? {} : { startedAt: iso(startedAtMs) }),
    ...(finishedAtMs === undefined ? {} : { finishedAt: iso(finishedAtMs) }),
    masterKeys: masterKeys.map(({ addedAtMs, retiredAtMs, ...key }) => ({
      ...key,
      addedAt: iso(addedAtMs),
      ...(retiredAtMs === undefined ? {} : { retiredAt: iso(retiredAtMs) }),
    })),
    dataKeys: dataKeys.map(({ createdAtMs, ...key }) => ({ ...key, createdAt: iso(createdAtMs) })),
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
