import type { otaJobs } from "../tables.ts";
import type { Job } from "./job.ts";

export type JobRow = typeof otaJobs.$inferSelect;

/** What is known outside of the store. */
export function toJob(row: JobRow): Job {
  const { stopAtPercent, why, endedAtMs, plannedUpTo } = row;
  const { jobId, productKey, firmwareId, module, version, filter, isPushed, ratePerMinute, timeoutMs } = row;
  const { retries, stopAfter, state, busy, createdAtMs, createdBy } = row;
  return {
    ...{ jobId, productKey, firmwareId, module, version, filter, isPushed, ratePerMinute, timeoutMs },
    ...{ retries, stopAfter, state, busy, createdAtMs, createdBy },
    ...(stopAtPercent === null ? {} : { stopAtPercent }),
    ...(why === null ? {} : { why }),
    ...(endedAtMs === null ? {} : { endedAtMs }),
    isPlanned: plannedUpTo === null,
  };
}
