import type { ProductKey } from "@trine/core/certificate";
import { query, type SqlDatabase } from "@trine/postgres";
import { sql } from "drizzle-orm";
import { broadcastTurns } from "./tables.ts";

/** Keeps broadcasts of a product apart, over all nodes. */
export interface TurnStore {
  /**
   * Takes the product's turn unless it was taken less than `apartMs` ago. Of any number of callers one gets it.
   *
   * @throws when the store cannot answer.
   */
  take(productKey: ProductKey, at: { nowMs: number; apartMs: number }): Promise<boolean>;
}

/** Turns, in SQL. */
export function createSqlTurnStore({ db }: SqlDatabase): TurnStore {
  return {
    async take(productKey, { nowMs, apartMs }) {
      const taken = await query(
        db,
        sql`insert into ${broadcastTurns} as turn (product_key, last_at_ms) values (${productKey}, ${nowMs}::bigint)
          on conflict (product_key) do update set last_at_ms = excluded.last_at_ms
            where turn.last_at_ms <= excluded.last_at_ms - ${apartMs}::bigint
          returning 1 as taken`,
      );
      return taken.length > 0;
    },
  };
}
