import type { ProductKey } from "@trine/core/certificate";
import { query, type SqlDatabase } from "@trine/postgres";
import { eq, sql } from "drizzle-orm";
import { modelProducts } from "../tables.ts";
import type { ModelText } from "../tsl/parse-model.ts";

/** What is done with values that the model does not allow: they are kept unseen, kept and told, or told and not kept. */
export type Validate = "off" | "report" | "enforce";

/** What a product says. */
export interface ProductOptions {
  readonly validate: Validate;
  /** How long values and events are kept, in days; 0: not at all. */
  readonly historyDays: number;
}

/** A product's model and options. */
export interface ProductModel extends ProductOptions {
  readonly model: ModelText | undefined;
  /** Of the model; 0 where there never was one. */
  readonly version: number;
  readonly changedAtMs: number | undefined;
}

/** Models and options of products, durable. Every method throws when the store cannot answer. */
export interface ProductModels {
  find(productKey: ProductKey): Promise<ProductModel>;
  /**
   * Puts a model in the place of the one before, or takes it away.
   *
   * @param change.ifVersion only if that is the version now. Of several callers with one version exactly one gets through.
   * @returns the new version, or nothing when the version is another.
   */
  put(
    productKey: ProductKey,
    change: { model: ModelText | undefined; ifVersion: number | undefined; nowMs: number },
  ): Promise<number | undefined>;
  /** Changes what is given. */
  setOptions(productKey: ProductKey, options: Partial<ProductOptions>, nowMs: number): Promise<ProductOptions>;
}

const DEFAULTS: ProductOptions = { validate: "report", historyDays: 0 };

/** Models and options in SQL. */
export function createSqlProductModels({ db }: SqlDatabase): ProductModels {
  return {
    async find(productKey) {
      const [row] = await db.select().from(modelProducts).where(eq(modelProducts.productKey, productKey));
      if (!row) return { ...DEFAULTS, model: undefined, version: 0, changedAtMs: undefined };
      const { model, version, validate, historyDays, changedAtMs } = row;
      return { model: model ?? undefined, version, validate, historyDays, changedAtMs };
    },
    async put(productKey, { model, ifVersion, nowMs }) {
      const text = model === undefined ? null : JSON.stringify(model);
      // Where there is no row the version is 0.
      const [row] = await query<{ version: number }>(
        db,
        sql`insert into ${modelProducts} as m (product_key, model, version, validate, history_days, changed_at_ms)
          select ${productKey}, ${text}::json, 1, ${DEFAULTS.validate}, ${DEFAULTS.historyDays}, ${nowMs}::bigint
          where ${ifVersion ?? 0}::integer = 0 or exists (select from ${modelProducts} where product_key = ${productKey})
          on conflict (product_key) do update
            set model = excluded.model, version = m.version + 1, changed_at_ms = excluded.changed_at_ms
            where ${ifVersion ?? null}::integer is null or m.version = ${ifVersion ?? null}::integer
          returning version`,
      );
      return row?.version;
    },
    async setOptions(productKey, options, nowMs) {
      const [row] = await db
        .insert(modelProducts)
        .values({ productKey, ...DEFAULTS, ...options, changedAtMs: nowMs })
        .onConflictDoUpdate({ target: modelProducts.productKey, set: { ...options, changedAtMs: nowMs } })
        .returning({ validate: modelProducts.validate, historyDays: modelProducts.historyDays });
      return row ?? { ...DEFAULTS, ...options };
    },
  };
}
