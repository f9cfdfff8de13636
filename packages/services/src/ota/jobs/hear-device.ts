import type { DeviceRef } from "@trine/core/certificate";
import type { Sql, SqlDatabase } from "@trine/postgres";
import { and, desc, eq, inArray } from "drizzle-orm";
import { DEFAULT_MODULE } from "../names.ts";
import { otaJobs as jobs, otaTargets as targets } from "../tables.ts";
import { countEnded } from "./count-ended.ts";
import type { DeviceNews, Offer } from "./job-store.ts";
import { RETRY_AFTER_MS } from "./take-turn.ts";
import { nextState, OPEN_STATES, TARGET_STATES, type TargetState, TRANSITIONS } from "./target-machine.ts";

/** @see JobStore.hear */
export async function hear(
  { db, transaction }: SqlDatabase,
  device: DeviceRef,
  { news, nowMs }: { news: DeviceNews; nowMs: number },
): Promise<Offer | undefined> {
  // Nearly every message of a fleet is of a device that is in no job: one statement, no transaction.
  const [one] = await concerned(db, device, news).limit(1);
  if (!one) return undefined;
  return transaction(async (tx) => {
    const rows = choose(await concerned(tx, device, news).for("update", { of: targets }), news);
    let offer: Offer | undefined;
    for (const row of rows) offer = (await hearOne(tx, row, { news, nowMs })) ?? offer;
    return news.event === "asked" ? offer : undefined;
  });
}

type Row = Awaited<ReturnType<typeof concerned>>[number];

/** Where the event could matter, the newest first. */
function concerned(db: Sql, { productKey, deviceName }: DeviceRef, news: DeviceNews) {
  const states =
    news.event === "confirmed"
      ? TARGET_STATES.filter((state) => TRANSITIONS[state].confirmed !== undefined)
      : OPEN_STATES;
  return db
    .select({ target: targets, job: jobs })
    .from(targets)
    .innerJoin(jobs, eq(jobs.jobId, targets.jobId))
    .where(
      and(
        eq(targets.productKey, productKey),
        eq(targets.deviceName, deviceName),
        inArray(targets.state, states),
        news.module === undefined ? undefined : eq(targets.module, news.module),
        news.event === "confirmed" ? eq(targets.version, news.version) : undefined,
      ),
    )
    .orderBy(desc(targets.changedAtMs))
    .$dynamic();
}

/** A device that names no module means the only one that is in a job, else `default`. */
function choose(rows: readonly Row[], news: DeviceNews): readonly Row[] {
  if (news.module !== undefined || rows.length === 1) return rows;
  return rows.filter(({ target }) => target.module === DEFAULT_MODULE);
}

async function hearOne(
  tx: Sql,
  { target, job }: Row,
  { news, nowMs }: { news: DeviceNews; nowMs: number },
): Promise<Offer | undefined> {
  const { jobId, deviceName, state, attempts } = target;
  // What is about to be cancelled is offered no more.
  if (news.event === "asked" && job.state === "cancelled") return undefined;
  const next = nextState(state, news.event, { made: attempts, most: job.retries + 1 });
  if (next === undefined) return undefined;
  await tx
    .update(targets)
    .set({ state: next, changedAtMs: nowMs, ...dueAt({ state, next, nowMs, timeoutMs: job.timeoutMs }), ...told(news) })
    .where(and(eq(targets.jobId, jobId), eq(targets.deviceName, deviceName)));
  await countEnded(tx, jobId, {
    done: next === "done" ? 1 : 0,
    failed: next === "failed" ? 1 : state === "failed" ? -1 : 0,
  });
  const { productKey, firmwareId, module, version, timeoutMs } = job;
  return { jobId, productKey, firmwareId, module, version, timeoutMs };
}

/** A device has its time from when it learned of the firmware; what it tells later does not make it longer. */
function dueAt(of: { state: TargetState; next: TargetState; nowMs: number; timeoutMs: number }) {
  if (of.next === "queued") return { dueAtMs: of.nowMs + RETRY_AFTER_MS };
  return of.state === "sending" ? { dueAtMs: of.nowMs + of.timeoutMs } : {};
}

function told(news: DeviceNews) {
  switch (news.event) {
    case "advanced":
      return { step: news.step, detail: news.detail ?? null };
    case "gave_up":
      return { reason: news.reason, detail: news.detail ?? null };
    case "confirmed":
      return { reason: null };
    case "asked":
      return {};
  }
}
