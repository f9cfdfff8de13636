import { parseProductKey } from "@trine/core/certificate";
import type { DeviceRegistry, ProductPolicy, ProductRecord } from "@trine/core/ports";
import { and, asc, eq, gt, inArray, sql } from "drizzle-orm";
import { createCursors } from "../cursor.ts";
import type { SqlDatabase } from "../database/sql-database.ts";
import { FOREIGN_KEY_VIOLATION, sqlState } from "../database/sql-fault.ts";
import { spentVersions } from "../schema/key-tables.ts";
import { products } from "../schema/registry-tables.ts";

type ProductMethods = Pick<
  DeviceRegistry,
  "insertProduct" | "findProduct" | "listProducts" | "updateProduct" | "deleteProduct"
>;

const cursors = createCursors("products", parseProductKey);

/** The products' part of the registry. */
export function createSqlProducts({ db }: SqlDatabase): ProductMethods {
  return {
    async insertProduct(product) {
      const inserted = await db
        .insert(products)
        .values(product)
        .onConflictDoNothing()
        .returning({ productKey: products.productKey });
      return inserted.length > 0;
    },
    async findProduct(productKey) {
      const [product] = await db.select().from(products).where(eq(products.productKey, productKey));
      return product && productRecord(product);
    },
    async listProducts({ limit, cursor, only }) {
      const after = cursors.read(cursor);
      const rows = await db
        .select()
        .from(products)
        .where(
          and(
            after === undefined ? undefined : gt(products.productKey, after),
            only && inArray(products.productKey, [...only]),
          ),
        )
        .orderBy(asc(products.productKey))
        .limit(limit + 1);
      return cursors.page(rows, limit, { key: (row) => row.productKey, item: productRecord });
    },
    async updateProduct(productKey, { name, policy, topicClasses, services }) {
      const change = {
        ...(name === undefined ? {} : { name }),
        ...(policy === undefined ? {} : { policy, policyVersion: versionOf(policy) }),
        ...(topicClasses === undefined ? {} : { topicClasses }),
        ...(services === undefined ? {} : { services: withSwitches(services) }),
      };
      if (Object.keys(change).length === 0) return this.findProduct(productKey);
      const [product] = await db.update(products).set(change).where(eq(products.productKey, productKey)).returning();
      return product && productRecord(product);
    },
    async deleteProduct(productKey) {
      try {
        const deleted = await db
          .delete(products)
          .where(eq(products.productKey, productKey))
          .returning({ productKey: products.productKey });
        // Its key is never drawn again, so nothing is lost when the process dies before this.
        await db.delete(spentVersions).where(eq(spentVersions.productKey, productKey));
        return deleted.length > 0 ? "deleted" : "not_found";
      } catch (error) {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return "has_devices";
        throw error;
      }
    },
  };
}

/** The version that a product has with this policy: the next one, unless it differs from the one that it has in nothing but `registration`. */
function versionOf(policy: ProductPolicy) {
  const { policyVersion } = products;
  return sql`case when ${products.policy} - 'registration' = ${JSON.stringify(policy)}::jsonb - 'registration' then ${policyVersion}
    else coalesce(${policyVersion}, 0) + 1 end`;
}

/** The switches that a product has after this change. */
function withSwitches(services: Readonly<Record<string, boolean>>) {
  return sql`coalesce(${products.services}, '{}'::jsonb) || ${JSON.stringify(services)}::jsonb`;
}

function productRecord({
  services,
  policyVersion,
  sealedSeed,
  x509Version: _,
  ...row
}: typeof products.$inferSelect): ProductRecord {
  return {
    ...row,
    ...(services === null ? {} : { services }),
    ...(policyVersion === null ? {} : { policyVersion }),
    ...(sealedSeed === null ? {} : { sealedSeed }),
  };
}
