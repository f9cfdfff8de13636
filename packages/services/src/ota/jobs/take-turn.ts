import { query, type Sql } from "@trine/postgres";
import { and, eq, inArray, lte, notExists, sql } from "drizzle-orm";
import { otaJobs as jobs, otaTargets as targets } from "../tables.ts";
import { countEnded } from "./count-ended.ts";
import type { JobRow } from "./job-row.ts";
import type { Taken, Turn } from "./job-store.ts";
import { mostAtOnce, nextPaceMs } from "./pace.ts";
import { planDevices } from "./plan-devices.ts";
import { nextState, OPEN_STATES, TRANSITIONS } from "./target-machine.ts";

const CHUNK = 1_000;
/** A job of which nothing is known to be due. */
const LOOK_MS = 1_000;
const PAUSED_LOOK_MS = 5_000;
/** Whatever made a device fail is seldom over at once. */
export const RETRY_AFTER_MS = 60_000;

/** @see JobStore.turn */
export async function takeTurn(tx: Sql, nowMs: number, leaseMs: number): Promise<Turn | undefined> {
  // Of callers that come at once each gets another job. Not a full lock: devices of the job may be added and may end meanwhile.
  const [job] = await tx
    .select()
    .from(jobs)
    .where(lte(jobs.nextAtMs, nowMs))
    .orderBy(jobs.nextAtMs, jobs.jobId)
    .limit(1)
    .for("no key update", { skipLocked: true });
  if (!job) return undefined;
  const { jobId, productKey, firmwareId, module, version, timeoutMs, isPushed } = job;
  const of = { jobId, productKey, firmwareId, module, version, timeoutMs, isPushed };
  if (job.state === "cancelled") {
    await cancelTargets(tx, jobId, nowMs);
    return { job: of, taken: [] };
  }
  await planDevices(tx, job, nowMs);
  await giveUp(tx, job, nowMs);
  const [now] = await tx.select().from(jobs).where(eq(jobs.jobId, jobId));
  if (now?.state !== "running") {
    await lookAgain(tx, jobId, nowMs + PAUSED_LOOK_MS);
    return { job: of, taken: [] };
  }
  const resent = await take(tx, job, { from: "sending", limit: CHUNK, nowMs, leaseMs });
  const paced = nowMs >= job.paceAtMs ? mostAtOnce(job.ratePerMinute) : 0;
  const fresh = paced > 0 ? await take(tx, job, { from: "queued", limit: paced, nowMs, leaseMs }) : [];
  const pace = { paceAtMs: job.paceAtMs, nowMs, count: fresh.length };
  const paceAtMs = fresh.length > 0 ? nextPaceMs(pace, job.ratePerMinute) : job.paceAtMs;
  await tx.update(jobs).set({ paceAtMs }).where(eq(jobs.jobId, jobId));
  if (!(await finish(tx, jobId, nowMs)))
    await lookAgain(
      tx,
      jobId,
      now.plannedUpTo === null ? whenNext({ nowMs, paceAtMs, paced, taken: fresh.length }) : nowMs,
    );
  return { job: of, taken: [...resent, ...fresh] };
}

function whenNext(at: { nowMs: number; paceAtMs: number; paced: number; taken: number }): number {
  const isMoreWaiting = at.taken === at.paced;
  return isMoreWaiting ? Math.min(Math.max(at.paceAtMs, at.nowMs + 1), at.nowMs + LOOK_MS) : at.nowMs + LOOK_MS;
}

async function take(
  tx: Sql,
  { jobId, productKey }: JobRow,
  { from, limit, nowMs, leaseMs }: { from: "queued" | "sending"; limit: number; nowMs: number; leaseMs: number },
): Promise<readonly Taken[]> {
  const event = from === "queued" ? "taken" : "timed_out";
  const rows = await query<{ device_name: string; attempts: number }>(
    tx,
    sql`update ${targets} t set state = ${TRANSITIONS[from][event]}, attempts = attempts + ${event === "taken" ? 1 : 0},
        due_at_ms = ${nowMs + leaseMs}::bigint, changed_at_ms = ${nowMs}::bigint, step = null
      where t.job_id = ${jobId} and t.device_name = any(array(
        select device_name from ${targets} where job_id = ${jobId} and state = ${from} and due_at_ms <= ${nowMs}
        order by due_at_ms, device_name limit ${limit} for update skip locked))
      returning t.device_name, t.attempts`,
  );
  return rows.map(({ device_name, attempts }) => ({
    device: { productKey, deviceName: device_name as never },
    attempt: attempts,
  }));
}

/** Devices whose time is over: each has another turn, or has failed. */
async function giveUp(tx: Sql, { jobId, retries }: JobRow, nowMs: number): Promise<void> {
  let failed = 0;
  for (const state of ["offered", "updating"] as const) {
    const late = await tx
      .select({ deviceName: targets.deviceName, attempts: targets.attempts })
      .from(targets)
      .where(and(eq(targets.jobId, jobId), eq(targets.state, state), lte(targets.dueAtMs, nowMs)))
      .orderBy(targets.dueAtMs)
      .limit(CHUNK)
      .for("update", { skipLocked: true });
    for (const next of ["queued", "failed"] as const) {
      const names = late
        .filter(({ attempts }) => nextState(state, "timed_out", { made: attempts, most: retries + 1 }) === next)
        .map(({ deviceName }) => deviceName);
      if (names.length === 0) continue;
      if (next === "failed") failed += names.length;
      const reason = state === "offered" ? "no_answer" : "stalled";
      await tx
        .update(targets)
        .set({ state: next, reason, dueAtMs: nowMs + RETRY_AFTER_MS, changedAtMs: nowMs })
        .where(and(eq(targets.jobId, jobId), inArray(targets.deviceName, names)));
    }
  }
  await countEnded(tx, jobId, { done: 0, failed });
}

/** Those that a device holds locked at this moment come the next time. */
async function cancelTargets(tx: Sql, jobId: string, nowMs: number): Promise<void> {
  await tx.execute(
    sql`update ${targets} set state = 'cancelled', changed_at_ms = ${nowMs}::bigint
      where job_id = ${jobId} and device_name = any(array(
        select device_name from ${targets} where job_id = ${jobId} and ${inArray(targets.state, OPEN_STATES)}
        limit ${CHUNK} for update skip locked))`,
  );
  await tx
    .update(jobs)
    .set({ nextAtMs: sql`case when ${hasOpen(tx, jobId)} then ${nowMs}::bigint end` })
    .where(eq(jobs.jobId, jobId));
}

/** Ends a job whose devices are all known and have all ended. */
async function finish(tx: Sql, jobId: string, nowMs: number): Promise<boolean> {
  const finished = await tx
    .update(jobs)
    .set({ state: "finished", endedAtMs: nowMs, nextAtMs: null })
    .where(and(eq(jobs.jobId, jobId), sql`${jobs.plannedUpTo} is null`, notExists(openTargets(tx, jobId))))
    .returning({ jobId: jobs.jobId });
  return finished.length > 0;
}

async function lookAgain(tx: Sql, jobId: string, atMs: number): Promise<void> {
  await tx.update(jobs).set({ nextAtMs: atMs }).where(eq(jobs.jobId, jobId));
}

function hasOpen(tx: Sql, jobId: string) {
  return sql`exists ${openTargets(tx, jobId)}`;
}

function openTargets(tx: Sql, jobId: string) {
  return tx
    .select({ one: sql`1` })
    .from(targets)
    .where(and(eq(targets.jobId, jobId), inArray(targets.state, OPEN_STATES)));
}
