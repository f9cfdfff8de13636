import type { DeviceRef } from "@trine/core/certificate";
import type { DeviceCredentials, DeviceLookup } from "@trine/core/ports";
import { and, eq, sql } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { devices, products } from "../schema/registry-tables.ts";

/** What of a device's and its product's rows a login is judged by. */
export const credentialColumns = {
  iotId: devices.iotId,
  sealedSecret: devices.sealedSecret,
  secretVersion: devices.secretVersion,
  nextSealedSecret: devices.nextSealedSecret,
  nextSecretVersion: devices.nextSecretVersion,
  graceEndsAtMs: devices.graceEndsAtMs,
  disabled: devices.disabled,
  activatedAtMs: devices.activatedAtMs,
  deviceX509Version: devices.x509Version,
  nodeType: products.nodeType,
  policy: products.policy,
  policyVersion: products.policyVersion,
  productX509Version: products.x509Version,
  topicClasses: products.topicClasses,
  services: products.services,
  sealedSeed: products.sealedSeed,
};

type DeviceRow = typeof devices.$inferSelect;
type ProductRow = typeof products.$inferSelect;

/** A row of `credentialColumns`. */
export type CredentialRow = Pick<
  DeviceRow,
  | "iotId"
  | "sealedSecret"
  | "secretVersion"
  | "nextSealedSecret"
  | "nextSecretVersion"
  | "graceEndsAtMs"
  | "disabled"
  | "activatedAtMs"
> &
  Pick<ProductRow, "nodeType" | "policy" | "policyVersion" | "topicClasses" | "services" | "sealedSeed"> & {
    readonly deviceX509Version: number | null;
    readonly productX509Version: number | null;
  };

/** The look-up of every login: one statement, prepared once for each connection. */
export function createFindCredentials({ db }: SqlDatabase): DeviceLookup["findCredentials"] {
  const statement = db
    .select(credentialColumns)
    .from(devices)
    .innerJoin(products, eq(products.productKey, devices.productKey))
    .where(
      and(eq(devices.productKey, sql.placeholder("productKey")), eq(devices.deviceName, sql.placeholder("deviceName"))),
    )
    .prepare("find_credentials");

  return async (device): Promise<DeviceCredentials | undefined> => {
    const { productKey, deviceName } = device;
    const [row] = await statement.execute({ productKey, deviceName });
    return row && credentialsOf({ productKey, deviceName }, row);
  };
}

/** The credentials that a row holds. */
export function credentialsOf(device: DeviceRef, row: CredentialRow): DeviceCredentials {
  const { iotId, sealedSecret, secretVersion, disabled, activatedAtMs, policyVersion, ...rest } = row;
  const { nodeType, policy, topicClasses, services, sealedSeed, deviceX509Version, productX509Version } = rest;
  const x509Version = (deviceX509Version ?? 0) + (productX509Version ?? 0);
  return {
    device,
    iotId,
    ...(sealedSecret === null ? {} : { sealedSecret }),
    secretVersion,
    ...nextSecret(row),
    disabled,
    activated: activatedAtMs !== null,
    ...(x509Version === 0 ? {} : { x509Version }),
    product: {
      productKey: device.productKey,
      nodeType,
      policy,
      topicClasses,
      ...(services === null ? {} : { services }),
      ...(policyVersion === null ? {} : { policyVersion }),
      ...(sealedSeed === null ? {} : { sealedSeed }),
    },
  };
}

/** After a rotation the second version stays, as the only one, until every node was told. */
function nextSecret({
  secretVersion: firstVersion,
  nextSealedSecret: sealedSecret,
  nextSecretVersion: secretVersion,
  graceEndsAtMs,
}: Pick<DeviceRow, "secretVersion" | "nextSealedSecret" | "nextSecretVersion" | "graceEndsAtMs">): Pick<
  DeviceCredentials,
  "next"
> {
  if (secretVersion === null || secretVersion <= firstVersion || graceEndsAtMs === null) return {};
  return { next: { ...(sealedSecret === null ? {} : { sealedSecret }), secretVersion, graceEndsAtMs } };
}
