import type { DeviceRef } from "@trine/core/certificate";
import { query, type SqlDatabase } from "@trine/postgres";
import { and, eq, sql } from "drizzle-orm";
import type { Diagnosis } from "./diagnosis.ts";
import { diagnoses } from "./tables.ts";

/** Keeps what devices say of their network. Every method throws when the store cannot answer. */
export interface DiagnosisStore {
  /** Adds records, the first in front, and drops all but the newest `keep`. */
  add(device: DeviceRef, records: readonly Diagnosis[], keep: number): Promise<void>;
  /** Newest first. */
  list(device: DeviceRef): Promise<readonly Diagnosis[]>;
}

/** Diagnoses, in SQL. */
export function createSqlDiagnosisStore({ db }: SqlDatabase): DiagnosisStore {
  return {
    async add({ productKey, deviceName }, records, keep) {
      await query(
        db,
        sql`insert into ${diagnoses} as known (product_key, device_name, records)
          values (${productKey}, ${deviceName}, ${JSON.stringify(records)}::jsonb)
          on conflict (product_key, device_name) do update set records = (
            select jsonb_agg(record order by at) from (
              select record, at from jsonb_array_elements(excluded.records || known.records) with ordinality as all_of (record, at)
              order by at limit ${keep}
            ) newest
          )`,
      );
    },
    async list({ productKey, deviceName }) {
      const [row] = await db
        .select({ records: diagnoses.records })
        .from(diagnoses)
        .where(and(eq(diagnoses.productKey, productKey), eq(diagnoses.deviceName, deviceName)));
      return row?.records ?? [];
    },
  };
}
