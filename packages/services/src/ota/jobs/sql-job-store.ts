import { devices, query, type Sql, type SqlDatabase } from "@trine/postgres";
import { and, asc, count, desc, eq, gt, inArray, sql } from "drizzle-orm";
import { otaJobs as jobs, otaFirmware, otaTargets as targets } from "../tables.ts";
import { hear } from "./hear-device.ts";
import { JOB_ORDERS } from "./job.ts";
import { toJob } from "./job-row.ts";
import type { JobStore } from "./job-store.ts";
import { settle } from "./settle-sent.ts";
import { takeTurn } from "./take-turn.ts";
import { TARGET_STATES, type TargetState } from "./target-machine.ts";

/** Of one product, not ended. Each costs a look a second. */
const MOST_OPEN_JOBS = 50;

/** Jobs in SQL. */
export function createSqlJobStore(database: SqlDatabase): JobStore {
  const { db, transaction } = database;
  const find = async (jobId: string) => {
    const [row] = await db.select().from(jobs).where(eq(jobs.jobId, jobId));
    return row && toJob(row);
  };
  return {
    create: (job) => transaction((tx) => createJob(tx, job)),
    find,
    async list({ limit, before, products }) {
      const older =
        before === undefined
          ? undefined
          : sql`(${jobs.createdAtMs}, ${jobs.jobId}) < (select b.created_at_ms, b.job_id from ${jobs} b where b.job_id = ${before})`;
      const rows = await db
        .select()
        .from(jobs)
        .where(and(products && inArray(jobs.productKey, [...products]), older))
        .orderBy(desc(jobs.createdAtMs), desc(jobs.jobId))
        .limit(limit);
      return rows.map(toJob);
    },
    async count(jobId) {
      const rows = await db
        .select({ state: targets.state, devices: count() })
        .from(targets)
        .where(eq(targets.jobId, jobId))
        .groupBy(targets.state);
      const none = Object.fromEntries(TARGET_STATES.map((state) => [state, 0])) as Record<TargetState, number>;
      return Object.assign(none, Object.fromEntries(rows.map(({ state, devices }) => [state, Number(devices)])));
    },
    async targets(jobId, { limit, after, state }) {
      const rows = await db
        .select()
        .from(targets)
        .where(
          and(
            eq(targets.jobId, jobId),
            after === undefined ? undefined : gt(targets.deviceName, after as never),
            state && eq(targets.state, state),
          ),
        )
        .orderBy(asc(targets.deviceName))
        .limit(limit);
      return rows.map(({ deviceName, state: at, attempts, step, reason, detail, changedAtMs }) => ({
        ...{ deviceName, state: at, attempts, changedAtMs },
        ...(step === null ? {} : { step }),
        ...(reason === null ? {} : { reason }),
        ...(detail === null ? {} : { detail }),
      }));
    },
    async order(jobId, order, nowMs) {
      const { from, to } = JOB_ORDERS[order];
      const [row] = await db
        .update(jobs)
        .set({
          state: to,
          why: order === "pause" ? "operator" : null,
          nextAtMs: nowMs,
          // Failures from before are no news: the bound is about what comes.
          ...(order === "resume" ? { recentDone: 0, recentFailed: 0 } : {}),
          ...(order === "cancel" ? { endedAtMs: nowMs, plannedUpTo: null } : {}),
        })
        .where(and(eq(jobs.jobId, jobId), inArray(jobs.state, [...from])))
        .returning();
      if (row) return toJob(row);
      return (await find(jobId)) && "conflict";
    },
    turn: (nowMs, leaseMs) => transaction((tx) => takeTurn(tx, nowMs, leaseMs)),
    settle: (jobId, sent, nowMs) => transaction((tx) => settle(tx, { jobId, sent, nowMs })),
    hear: (device, news, nowMs) => hear(database, device, { news, nowMs }),
  };
}

async function createJob(tx: Sql, job: Parameters<JobStore["create"]>[0]) {
  const firmware = await tx
    .select({ firmwareId: otaFirmware.firmwareId })
    .from(otaFirmware)
    .where(and(eq(otaFirmware.firmwareId, job.firmwareId), eq(otaFirmware.state, "kept")))
    .for("share");
  if (firmware.length === 0) return "no_firmware" as const;
  const [open] = await query<{ open: string }>(
    tx,
    sql`select count(*) as open from ${jobs} where product_key = ${job.productKey} and state in ('running', 'paused')`,
  );
  if (Number(open?.open) >= MOST_OPEN_JOBS) return "too_many" as const;
  const [unknown] = await query<{ name: string }>(
    tx,
    sql`select name from unnest(${sql.param([...(job.filter.deviceNames ?? [])])}::text[]) as given(name)
      where not exists (select from ${devices} d where d.product_key = ${job.productKey} and d.device_name = name) limit 1`,
  );
  if (unknown) return { unknownDevice: unknown.name };
  const row: typeof jobs.$inferInsert = { ...job, state: "running", plannedUpTo: "", nextAtMs: job.createdAtMs };
  await tx.insert(jobs).values(row);
  return "created" as const;
}
