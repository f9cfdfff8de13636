import type { DeviceRef } from "@trine/core/certificate";
import { query, type SqlDatabase } from "@trine/postgres";
import { and, eq, sql } from "drizzle-orm";
import type { ShadowStore, StoredShadow } from "./store.ts";
import { shadows } from "./tables.ts";

type Row = typeof shadows.$inferSelect;

/** Shadows in Postgres or the embedded database. Every write is one statement that looks at the revision, so nodes may race. */
export function createSqlShadowStore({ db }: SqlDatabase): ShadowStore {
  return {
    async find(device) {
      const [row] = await db.select().from(shadows).where(isOf(device));
      return row && storedShadow(row);
    },
    async replace({ productKey, deviceName }, { after, shadow = null, tell }) {
      const revision = (after ?? 0) + 1;
      const told =
        tell.is === "newly"
          ? { tellRevision: revision, tellAtMs: tell.tellAtMs }
          : tell.is === "no"
            ? { tellRevision: null, tellAtMs: null, toldMessageId: null }
            : {};
      const written = { revision, shadow, ...told };
      const rows =
        after === undefined
          ? await db
              .insert(shadows)
              .values({ productKey, deviceName, ...written })
              .onConflictDoNothing()
              .returning({ revision: shadows.revision })
          : await db
              .update(shadows)
              .set(written)
              .where(and(isOf({ productKey, deviceName }), eq(shadows.revision, after)))
              .returning({ revision: shadows.revision });
      return rows.length > 0;
    },
    async settle({ productKey, deviceName }, tellRevision, messageId) {
      const [row] = await query<{ before: string | null }>(
        db,
        sql`with found as (
              select product_key, device_name, told_message_id from shadows
              where product_key = ${productKey} and device_name = ${deviceName} and tell_revision = ${tellRevision}
              for update
            )
            update shadows set tell_revision = null, tell_at_ms = null, told_message_id = ${messageId ?? null}
            from found where shadows.product_key = found.product_key and shadows.device_name = found.device_name
            returning found.told_message_id as before`,
      );
      return row ? { before: row.before ?? undefined } : "stale";
    },
    async due({ nowMs, againMs, limit }) {
      const rows = await query<{ product_key: string; device_name: string }>(
        db,
        sql`with found as (
              select product_key, device_name from shadows
              where tell_revision is not null and tell_at_ms <= ${nowMs}
              order by tell_at_ms limit ${limit} for update skip locked
            )
            update shadows set tell_at_ms = ${nowMs + againMs}
            from found where shadows.product_key = found.product_key and shadows.device_name = found.device_name
            returning shadows.product_key, shadows.device_name`,
      );
      return rows.map((row) => ({ productKey: row.product_key, deviceName: row.device_name }) as DeviceRef);
    },
  };
}

function isOf({ productKey, deviceName }: DeviceRef) {
  return and(eq(shadows.productKey, productKey), eq(shadows.deviceName, deviceName));
}

function storedShadow({ revision, shadow, tellRevision, toldMessageId }: Row): StoredShadow {
  return {
    revision,
    ...(shadow === null ? {} : { shadow }),
    ...(tellRevision === null ? {} : { tellRevision }),
    ...(toldMessageId === null ? {} : { toldMessageId }),
  };
}
