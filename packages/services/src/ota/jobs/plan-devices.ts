import { devices, query, type Sql } from "@trine/postgres";
import { sql } from "drizzle-orm";
import { otaJobs, otaTargets, otaVersions } from "../tables.ts";
import type { JobRow } from "./job-row.ts";

/** Devices that are looked at in one statement. */
const CHUNK = 2_000;

/**
 * Looks at the next devices of the product, and takes those into the job that its filter means.
 *
 * A device that runs the version already is none of them; one whose module is in another job that has not ended is counted as busy.
 */
export async function planDevices(tx: Sql, job: JobRow, nowMs: number): Promise<void> {
  const { jobId, productKey, module, version, plannedUpTo, filter } = job;
  if (plannedUpTo === null) return;
  const { deviceNames, namePrefix, tags, sourceVersions, percent } = filter;
  const and = (condition: ReturnType<typeof sql> | undefined) => (condition ? sql`and ${condition}` : sql``);
  const [seen] = await query<{ seen: string; last: string | null; matched: string; added: string }>(
    tx,
    sql`with chunk as (
        select device_name, tags, disabled from ${devices}
        where product_key = ${productKey} and device_name > ${plannedUpTo}
          ${and(deviceNames && sql`device_name = any(${sql.param([...deviceNames])}::text[])`)}
          ${and(namePrefix ? sql`device_name >= ${namePrefix} and device_name < ${`${namePrefix}~`}` : undefined)}
        order by device_name limit ${CHUNK}
      ),
      matched as (
        select c.device_name from chunk c
        left join ${otaVersions} v
          on v.product_key = ${productKey} and v.device_name = c.device_name and v.module = ${module}
        where not c.disabled and v.version is distinct from ${version}
          ${and(tags && sql`c.tags @> ${JSON.stringify(tags)}::jsonb`)}
          ${and(sourceVersions && sql`v.version = any(${sql.param([...sourceVersions])}::text[])`)}
          ${and(percent === undefined ? undefined : isAmong(percent, `${module}/${version}`))}
      ),
      added as (
        insert into ${otaTargets} (job_id, product_key, device_name, module, version, state, due_at_ms, changed_at_ms)
        select ${jobId}, ${productKey}, device_name, ${module}, ${version}, 'queued', ${nowMs}::bigint, ${nowMs}::bigint from matched
        order by device_name
        on conflict do nothing returning 1
      )
    select (select count(*) from chunk) seen, (select max(device_name) from chunk) last,
      (select count(*) from matched) matched, (select count(*) from added) added`,
  );
  if (!seen) throw new Error("a count has one row");
  const isLast = Number(seen.seen) < CHUNK;
  await tx.execute(
    sql`update ${otaJobs} set planned_up_to = ${isLast ? null : seen.last},
        busy = busy + ${Number(seen.matched) - Number(seen.added)}
      where job_id = ${jobId}`,
  );
}

/** By a hash of the name, which is even over any names; the version is in it, so that it is not always the same devices that go first. */
function isAmong(percent: number, of: string) {
  return sql`(hashtextextended(${of} || '/' || c.device_name, 0) & 9223372036854775807) % 10000 < ${Math.round(percent * 100)}`;
}
