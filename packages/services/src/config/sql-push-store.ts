import type { ProductKey } from "@trine/core/certificate";
import { query, type SqlDatabase } from "@trine/postgres";
import { and, eq, sql } from "drizzle-orm";
import type { ConfigPush, PushStore } from "./store.ts";
import { configAnswers, configPushes } from "./tables.ts";

type Row = typeof configPushes.$inferSelect;

/** Pushes, in SQL. */
export function createSqlPushStore({ db }: SqlDatabase): PushStore {
  async function find(productKey: ProductKey): Promise<ConfigPush | undefined> {
    const [row] = await db.select().from(configPushes).where(eq(configPushes.productKey, productKey));
    return row && toPush(row);
  }

  return {
    find,
    async begin({ productKey, configId, ratePerSecond, ttlMs, startedAtMs }) {
      const facts = { configId, ratePerSecond, ttlMs, startedAtMs, dueAtMs: startedAtMs };
      const anew = { after: null, sent: 0, failed: 0, finishedAtMs: null };
      const [row] = await db
        .insert(configPushes)
        .values({ productKey, ...facts })
        .onConflictDoUpdate({
          target: configPushes.productKey,
          set: { ...facts, ...anew, pushId: sql`excluded.push_id` },
        })
        .returning();
      if (!row) throw new Error("a push that was written is not there");
      return toPush(row);
    },
    async claim(nowMs, forMs) {
      const [claimed] = await query<{ product_key: ProductKey }>(
        db,
        sql`update ${configPushes} set due_at_ms = ${nowMs + forMs}::bigint where product_key = (
            select product_key from ${configPushes} where due_at_ms <= ${nowMs}::bigint
            order by due_at_ms limit 1 for update skip locked
          ) returning product_key`,
      );
      return claimed && find(claimed.product_key);
    },
    async save({ productKey, pushId, after, sent, failed, finishedAtMs }) {
      const ended = finishedAtMs === undefined ? {} : { finishedAtMs, dueAtMs: null };
      await db
        .update(configPushes)
        .set({ after: after ?? null, sent, failed, ...ended })
        .where(and(eq(configPushes.productKey, productKey), eq(configPushes.pushId, Number(pushId))));
    },
    async remove(productKey) {
      await db.delete(configPushes).where(eq(configPushes.productKey, productKey));
    },
    async noteAnswer({ productKey, deviceName }, { pushId, code, nowMs }) {
      await query(
        db,
        sql`insert into ${configAnswers} (product_key, device_name, push_id, code, answered_at_ms)
          select ${productKey}, ${deviceName}, push_id, ${code}::int, ${nowMs}::bigint
          from ${configPushes} where product_key = ${productKey} and push_id = ${pushId}::bigint
          on conflict (product_key, device_name)
            do update set push_id = excluded.push_id, code = excluded.code, answered_at_ms = excluded.answered_at_ms`,
      );
    },
    async answers({ productKey, pushId }) {
      const [row] = await query<{ accepted: string; refused: string }>(
        db,
        sql`select count(*) filter (where code = 200) accepted, count(*) filter (where code <> 200) refused
          from ${configAnswers} where product_key = ${productKey} and push_id = ${pushId}::bigint`,
      );
      return { accepted: Number(row?.accepted), refused: Number(row?.refused) };
    },
  };
}

function toPush({ pushId, dueAtMs: _, after, finishedAtMs, ...row }: Row): ConfigPush {
  return {
    ...row,
    pushId: String(pushId),
    ...(after === null ? {} : { after }),
    ...(finishedAtMs === null ? {} : { finishedAtMs }),
  };
}
