import type { DeviceCredentials, DeviceLookup } from "@trine/core/ports";
import { and, eq, sql } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { devices, products } from "../schema/registry-tables.ts";

/** The look-up of every login: one statement, prepared once for each connection. */
export function createFindCredentials({ db }: SqlDatabase): DeviceLookup["findCredentials"] {
  const statement = db
    .select({
      iotId: devices.iotId,
      sealedSecret: devices.sealedSecret,
      secretVersion: devices.secretVersion,
      nextSealedSecret: devices.nextSealedSecret,
      nextSecretVersion: devices.nextSecretVersion,
      graceEndsAtMs: devices.graceEndsAtMs,
      disabled: devices.disabled,
      activatedAtMs: devices.activatedAtMs,
      nodeType: products.nodeType,
      policy: products.policy,
      policyVersion: products.policyVersion,
      topicClasses: products.topicClasses,
    })
    .from(devices)
    .innerJoin(products, eq(products.productKey, devices.productKey))
    .where(
      and(eq(devices.productKey, sql.placeholder("productKey")), eq(devices.deviceName, sql.placeholder("deviceName"))),
    )
    .prepare("find_credentials");

  return async ({ productKey, deviceName }): Promise<DeviceCredentials | undefined> => {
    const [row] = await statement.execute({ productKey, deviceName });
    if (!row) return undefined;
    const { iotId, sealedSecret, secretVersion, disabled, activatedAtMs, policyVersion, ...rest } = row;
    const { nodeType, policy, topicClasses } = rest;
    return {
      device: { productKey, deviceName },
      iotId,
      sealedSecret,
      secretVersion,
      ...nextSecret(rest),
      disabled,
      activated: activatedAtMs !== null,
      product: {
        productKey,
        nodeType,
        policy,
        topicClasses,
        ...(policyVersion === null ? {} : { policyVersion }),
      },
    };
  };
}

function nextSecret({
  nextSealedSecret: sealedSecret,
  nextSecretVersion: secretVersion,
  graceEndsAtMs,
}: Pick<typeof devices.$inferSelect, "nextSealedSecret" | "nextSecretVersion" | "graceEndsAtMs">): Pick<
  DeviceCredentials,
  "next"
> {
  if (sealedSecret === null || secretVersion === null || graceEndsAtMs === null) return {};
  return { next: { sealedSecret, secretVersion, graceEndsAtMs } };
}
