import type { Sql } from "@trine/postgres";
import { eq, sql } from "drizzle-orm";
import { otaJobs as jobs } from "../tables.ts";

/** Counts devices that ended, and pauses the job when too many of them failed. */
export async function countEnded(
  tx: Sql,
  jobId: string,
  { done, failed }: { readonly done: number; readonly failed: number },
): Promise<void> {
  if (done === 0 && failed === 0) return;
  const ended = sql`${jobs.recentDone} + ${jobs.recentFailed} + ${done + failed}::int`;
  const isOver = sql`${jobs.state} = 'running' and ${failed}::int > 0 and ${ended} >= ${jobs.stopAfter}
    and (${jobs.recentFailed} + ${failed}::int) * 100 > ${jobs.stopAtPercent} * (${ended})`;
  await tx
    .update(jobs)
    .set({
      recentDone: sql`${jobs.recentDone} + ${done}::int`,
      recentFailed: sql`greatest(0, ${jobs.recentFailed} + ${failed}::int)`,
      state: sql`case when ${isOver} then 'paused' else ${jobs.state} end`,
      why: sql`case when ${isOver} then 'failures' else ${jobs.why} end`,
    })
    .where(eq(jobs.jobId, jobId));
}
