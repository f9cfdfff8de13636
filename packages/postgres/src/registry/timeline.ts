import type { Timeline, TimelineEvent } from "@trine/core/ports";
import { desc, eq, sql } from "drizzle-orm";
import { createCursors } from "../cursor.ts";
import { query, type Sql, type SqlDatabase } from "../database/sql-database.ts";
import { unnested } from "../database/unnested.ts";
import { devices, timeline } from "../schema/registry-tables.ts";
import { isDevice } from "./devices.ts";

const CHUNK = 1_000;

/** Every so many events of a device, on average, its surplus is deleted: that costs more than an insert. A power of two. */
const TRIM_EVERY = 64;

const cursors = createCursors("timeline", (text) => {
  const [, atMs, id] = /^(-?\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  return atMs === undefined ? undefined : { atMs: Number(atMs), id: Number(id) };
});

/**
 * What happened to devices, in SQL.
 *
 * @param options.maxPerDevice events of a device that are shown; a few more may be stored for a while.
 */
export function createSqlTimeline({ db }: SqlDatabase, { maxPerDevice }: { maxPerDevice: number }): Timeline {
  return {
    async append(events) {
      for (let start = 0; start < events.length; start += CHUNK) {
        const grown = await insertEvents(db, events.slice(start, start + CHUNK));
        if (grown.length > 0) await deleteSurplus(db, grown, maxPerDevice);
      }
    },
    async list(device, { limit, cursor }) {
      const before = cursors.read(cursor);
      const { iotId, atMs, id, kind, detail } = timeline;
      const shown = db
        .select({ iotId, atMs, id, kind, detail })
        .from(devices)
        .innerJoin(timeline, eq(iotId, devices.iotId))
        .where(isDevice(device))
        .orderBy(desc(atMs), desc(id))
        .limit(maxPerDevice)
        .as("shown");
      const rows = await db
        .select()
        .from(shown)
        .where(before && sql`(${shown.atMs}, ${shown.id}) < (${before.atMs}, ${before.id})`)
        .orderBy(desc(shown.atMs), desc(shown.id))
        .limit(limit + 1);
      return cursors.page(rows, limit, {
        key: (row) => `${row.atMs}-${row.id}`,
        item: ({ id: _, ...event }): TimelineEvent => ({ device, ...event }),
      });
    },
  };
}

/** @returns iotIds of devices whose surplus is to be deleted now. */
async function insertEvents(db: Sql, events: readonly TimelineEvent[]): Promise<readonly string[]> {
  const rows = events.map(({ device, iotId, atMs, kind, detail }) => ({
    ...device,
    iotId,
    atMs,
    kind,
    detail: JSON.stringify(detail),
  }));
  const input = unnested(rows, {
    productKey: "text",
    deviceName: "text",
    iotId: "text",
    atMs: "bigint",
    kind: "text",
    detail: "text",
  });
  const grown = await query<{ iot_id: string }>(
    db,
    // By a hash of the id and not by the id itself: devices that report in turn would get the same ones of 64 each time.
    sql`with added as (
        insert into ${timeline} (iot_id, at_ms, kind, detail)
        select d.iot_id, input."atMs", input.kind, input.detail::jsonb
        from ${input} join ${devices} d on d.product_key = input."productKey" and d.device_name = input."deviceName"
        where d.iot_id = input."iotId"
        returning iot_id, id
      )
      select distinct iot_id from added where hashint8(id) & ${sql.raw(String(TRIM_EVERY - 1))} = 0`,
  );
  return grown.map((row) => row.iot_id);
}

async function deleteSurplus(db: Sql, iotIds: readonly string[], maxPerDevice: number): Promise<void> {
  const input = unnested(
    iotIds.map((iotId) => ({ iotId })),
    { iotId: "text" },
  );
  await db.execute(
    sql`delete from ${timeline} t using ${input} cross join lateral (
        select kept.at_ms, kept.id from ${timeline} kept where kept.iot_id = input."iotId"
        order by kept.at_ms desc, kept.id desc offset ${maxPerDevice - 1} limit 1
      ) as oldest
      where t.iot_id = input."iotId" and (t.at_ms, t.id) < (oldest.at_ms, oldest.id)`,
  );
}
