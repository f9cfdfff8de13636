import type { DeviceRegistry } from "@trine/core/ports";
import { and, asc, eq, gt, isNotNull, lte, sql } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { devices } from "../schema/registry-tables.ts";
import { isDevice } from "./devices.ts";

type RotationMethods = Pick<DeviceRegistry, "beginRotation" | "endRotation" | "settleRotation" | "listEndedRotations">;

/**
 * The part of the registry that rotates secrets; each step is one statement, so nodes may race. A rotation is under way while the second
 * version is the greater one; where secrets are derived, versions are all there is.
 */
export function createSqlRotations({ db }: SqlDatabase): RotationMethods {
  const { iotId, sealedSecret, secretVersion, nextSealedSecret, nextSecretVersion, graceEndsAtMs } = devices;
  return {
    async beginRotation(device, next) {
      const isOver = sql`${nextSecretVersion} > ${secretVersion} and ${graceEndsAtMs} <= ${next.nowMs}`;
      const version = sql`greatest(${secretVersion}, ${nextSecretVersion}) + 1`;
      const [begun] = await db
        .update(devices)
        .set({
          sealedSecret: sql`case when ${isOver} then ${nextSealedSecret} else ${sealedSecret} end`,
          secretVersion: sql`case when ${isOver} then ${nextSecretVersion} else ${secretVersion} end`,
          nextSealedSecret: next.sealedSecret ?? null,
          nextSecretVersion: version,
          graceEndsAtMs: next.graceEndsAtMs,
        })
        .where(
          and(isDevice(device), next.secretVersion === undefined ? undefined : sql`${version} = ${next.secretVersion}`),
        )
        .returning({ secretVersion: nextSecretVersion, firstVersion: secretVersion });
      return begun && { ...begun, secretVersion: Number(begun.secretVersion) };
    },
    async endRotation(device, ofIotId, version) {
      const ended = await db
        .update(devices)
        .set({
          sealedSecret: sql`${nextSealedSecret}`,
          secretVersion: sql`${nextSecretVersion}`,
          nextSealedSecret: null,
          graceEndsAtMs: 0,
        })
        .where(
          and(
            isDevice(device),
            eq(iotId, ofIotId),
            eq(nextSecretVersion, version),
            gt(nextSecretVersion, secretVersion),
          ),
        )
        .returning({ secretVersion });
      return ended.length > 0;
    },
    async settleRotation(device, ofIotId, version) {
      await db
        .update(devices)
        .set({ nextSecretVersion: null, graceEndsAtMs: null })
        .where(
          and(
            isDevice(device),
            eq(iotId, ofIotId),
            eq(nextSecretVersion, version),
            lte(nextSecretVersion, secretVersion),
          ),
        );
    },
    async listEndedRotations(nowMs, limit) {
      const { productKey, deviceName } = devices;
      const rows = await db
        .select({ productKey, deviceName, iotId, secretVersion: nextSecretVersion })
        .from(devices)
        .where(and(lte(graceEndsAtMs, nowMs), isNotNull(nextSecretVersion)))
        .orderBy(asc(graceEndsAtMs))
        .limit(limit);
      return rows.map(({ secretVersion: version, iotId: ofIotId, ...device }) => ({
        device,
        iotId: ofIotId,
        secretVersion: Number(version),
      }));
    },
  };
}
