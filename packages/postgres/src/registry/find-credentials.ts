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
      disabled: devices.disabled,
      activatedAtMs: devices.activatedAtMs,
      nodeType: products.nodeType,
      policy: products.policy,
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
    const { activatedAtMs, nodeType, policy, topicClasses, ...credentials } = row;
    return {
      ...credentials,
      device: { productKey, deviceName },
      activated: activatedAtMs !== null,
      product: { productKey, nodeType, policy, topicClasses },
    };
  };
}
