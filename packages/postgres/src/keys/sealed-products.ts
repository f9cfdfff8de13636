import { productSecretContext, productSeedContext } from "@trine/core/certificate";
import type { SealedRows } from "@trine/core/ports";
import { asc, sql } from "drizzle-orm";
import { query, type SqlDatabase } from "../database/sql-database.ts";
import { unnested } from "../database/unnested.ts";
import { products } from "../schema/registry-tables.ts";

const SECRET = "sealed_secret";
const SEED = "sealed_seed";

/** The secrets and seeds of products. */
export function createSqlSealedProducts({ db }: SqlDatabase): SealedRows {
  const { productKey, sealedSecret, sealedSeed } = products;
  return {
    place: "products",
    async count() {
      const [row] = await query<{ count: string }>(
        db,
        sql`select count(sealed_secret) + count(sealed_seed) as count from ${products}`,
      );
      return Number(row?.count);
    },
    async list({ after, limit }) {
      const rows = await db
        .select({ productKey, sealedSecret, sealedSeed })
        .from(products)
        .where(after === undefined ? undefined : sql`${productKey} > ${after}`)
        .orderBy(asc(productKey))
        .limit(limit);
      const last = rows.at(-1);
      return {
        rows: rows.flatMap((row) => [
          {
            key: `${row.productKey} ${SECRET}`,
            sealed: row.sealedSecret,
            context: productSecretContext(row.productKey),
          },
          ...(row.sealedSeed === null
            ? []
            : [
                {
                  key: `${row.productKey} ${SEED}`,
                  sealed: row.sealedSeed,
                  context: productSeedContext(row.productKey),
                },
              ]),
        ]),
        ...(last && rows.length === limit ? { next: last.productKey } : {}),
      };
    },
    async replace(changes) {
      let replaced = 0;
      for (const column of [SECRET, SEED]) {
        const input = changes.flatMap(({ row, to }) => {
          const [key = "", of] = row.key.split(" ");
          return of === column ? [{ key, from: row.sealed, to }] : [];
        });
        if (input.length === 0) continue;
        const changed = await query(
          db,
          sql`update ${products} as p set ${sql.identifier(column)} = input."to"
            from ${unnested(input, { key: "text", from: "text", to: "text" })}
            where p.product_key = input.key and p.${sql.identifier(column)} = input."from" returning 1`,
        );
        replaced += changed.length;
      }
      return replaced;
    },
  };
}
