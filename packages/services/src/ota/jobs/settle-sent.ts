import type { Sql } from "@trine/postgres";
import { and, eq, inArray } from "drizzle-orm";
import { otaJobs as jobs, otaTargets as targets } from "../tables.ts";
import { countEnded } from "./count-ended.ts";
import type { Sent } from "./job-store.ts";
import { RETRY_AFTER_MS } from "./take-turn.ts";
import { nextState } from "./target-machine.ts";

/** @see JobStore.settle */
export async function settle(
  tx: Sql,
  { jobId, sent, nowMs }: { jobId: string; sent: readonly Sent[]; nowMs: number },
): Promise<void> {
  const [job] = await tx.select().from(jobs).where(eq(jobs.jobId, jobId));
  if (!job) return;
  let failed = 0;
  for (const [key, group] of grouped(sent)) {
    const { attempt, refusal } = group[0];
    const made = { made: attempt, most: job.retries + 1 };
    const state = nextState("sending", refusal === undefined ? "sent" : "unsent", made);
    if (state === undefined) throw new Error(`what was sent leads nowhere: ${key}`);
    const dueAtMs = nowMs + (state === "offered" ? job.timeoutMs : RETRY_AFTER_MS);
    const names = group.map(({ device }) => device.deviceName);
    const settled = await tx
      .update(targets)
      .set({ state, dueAtMs, changedAtMs: nowMs, ...(refusal === undefined ? {} : { reason: refusal }) })
      .where(
        and(
          eq(targets.jobId, jobId),
          inArray(targets.deviceName, names),
          // The device may have been quicker, or the lease is over and somebody else sent it.
          eq(targets.state, "sending"),
          eq(targets.attempts, attempt),
        ),
      )
      .returning({ deviceName: targets.deviceName });
    if (state === "failed") failed += settled.length;
  }
  await countEnded(tx, jobId, { done: 0, failed });
}

/** What has the same outcome is one statement. */
function grouped(sent: readonly Sent[]): Map<string, [Sent, ...Sent[]]> {
  const groups = new Map<string, [Sent, ...Sent[]]>();
  for (const one of sent) {
    const key = `${one.attempt} ${one.refusal ?? ""}`;
    const group = groups.get(key);
    if (group) group.push(one);
    else groups.set(key, [one]);
  }
  return groups;
}
