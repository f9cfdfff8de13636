import type { ProductKey } from "@trine/core/certificate";
import { query, type SqlDatabase } from "@trine/postgres";
import { and, desc, eq, lte, sql } from "drizzle-orm";
import type { ConfigStore } from "./store.ts";
import { configVersions } from "./tables.ts";

/** Writers at once take turns; a single one succeeds at once. */
const MOST_TRIES = 20;

const { version, configId, size, sha256, createdAtMs, content } = configVersions;
const FACTS = { version, configId, size, sha256, createdAtMs };

/** The configurations, in SQL. */
export function createSqlConfigStore({ db }: SqlDatabase): ConfigStore {
  const newestFirst = (productKey: ProductKey, limit: number) =>
    db
      .select(FACTS)
      .from(configVersions)
      .where(eq(configVersions.productKey, productKey))
      .orderBy(desc(version))
      .limit(limit);

  return {
    current: async (productKey) => (await newestFirst(productKey, 1))[0],
    versions: (productKey) => newestFirst(productKey, 100),
    async find(productKey, by) {
      const which = "version" in by ? eq(version, by.version) : eq(configId, by.configId);
      const rows = await db
        .select({ ...FACTS, content })
        .from(configVersions)
        .where(and(eq(configVersions.productKey, productKey), which));
      return rows[0];
    },
    async add(productKey, config, keep) {
      for (let tries = 0; tries < MOST_TRIES; tries += 1) {
        const [added] = await query<{ version: string }>(
          db,
          sql`insert into ${configVersions} (product_key, version, config_id, size, sha256, content, created_at_ms)
            select ${productKey}, coalesce(max(version), 0) + 1, ${config.configId}, ${config.size}::int,
              ${config.sha256}, ${config.content}, ${config.createdAtMs}::bigint
            from ${configVersions} where product_key = ${productKey}
            on conflict do nothing returning version`,
        );
        if (!added) continue;
        const given = Number(added.version);
        const isOld = and(eq(configVersions.productKey, productKey), lte(version, given - keep));
        await db.delete(configVersions).where(isOld);
        const { content: _, ...facts } = config;
        return { ...facts, version: given };
      }
      throw new Error("others write the same configuration all the time");
    },
    async removeAll(productKey) {
      const removed = await db
        .delete(configVersions)
        .where(eq(configVersions.productKey, productKey))
        .returning({ version });
      return removed.length;
    },
  };
}
