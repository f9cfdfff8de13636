import { parseDeviceRef } from "@trine/core/certificate";
import type { X509Lookup, X509Serial, X509Standing } from "@trine/core/ports";
import { and, eq, sql } from "drizzle-orm";
import type { SqlDatabase } from "../database/sql-database.ts";
import { type CredentialRow, credentialColumns, credentialsOf } from "../registry/find-credentials.ts";
import { devices, products } from "../schema/registry-tables.ts";
import { x509Authorities, x509Certificates, x509Revocations } from "../schema/x509-tables.ts";

/** The look-up of logins with a certificate: one statement, so all of it is of one moment; prepared once for each connection. */
export function createFindStanding({ db }: SqlDatabase): X509Lookup["findStanding"] {
  // The device that the certificate is bound to, else the one that it names.
  const meant = sql`(
    select coalesce(known.product_key, ${sql.placeholder("productKey")}) as product_key,
      coalesce(known.device_name, ${sql.placeholder("deviceName")}) as device_name,
      known.origin, known.issuer_key_hash, known.first_used_at_ms, known.revoked_at_ms
    from (select ${sql.placeholder("fingerprint")}::text as fingerprint) as presented
    left join ${x509Certificates} known on known.fingerprint = presented.fingerprint
  ) as meant`;
  const statement = db
    .select({
      ...credentialColumns,
      productKey: sql<string | null>`meant.product_key`,
      deviceName: sql<string | null>`meant.device_name`,
      origin: sql<typeof x509Certificates.$inferSelect.origin | null>`meant.origin`,
      issuerKeyHash: sql<string | null>`meant.issuer_key_hash`,
      firstUsedAtMs: sql<string | null>`meant.first_used_at_ms`,
      revokedAtMs: sql<string | null>`meant.revoked_at_ms`,
      authorities: sql<readonly string[]>`(
        select coalesce(jsonb_agg(ca.der order by ca.fingerprint), '[]')
        from ${x509Authorities} ca where ca.product_key = meant.product_key)`,
      revoked: sql<readonly X509Serial[]>`(
        select coalesce(jsonb_agg(jsonb_build_object(
          'issuerKeyHash', listed.issuer_key_hash, 'serialNumber', listed.serial_number)), '[]')
        from ${x509Revocations} listed
        where listed.product_key = meant.product_key and listed.serial_number = any(${sql.placeholder("serialNumbers")}::text[]))`,
    })
    .from(meant)
    .leftJoin(
      devices,
      and(eq(devices.productKey, sql`meant.product_key`), eq(devices.deviceName, sql`meant.device_name`)),
    )
    .leftJoin(products, eq(products.productKey, devices.productKey))
    .prepare("find_x509_standing");

  return async ({ fingerprint, names, serialNumbers }): Promise<X509Standing> => {
    const { productKey = null, deviceName = null } = names ?? {};
    const [row] = await statement.execute({ fingerprint, productKey, deviceName, serialNumbers: [...serialNumbers] });
    if (!row) throw new Error("a look-up of a certificate answered nothing");
    const device = parseDeviceRef(row.productKey ?? "", row.deviceName ?? "");
    const credentials = device && row.iotId !== null ? credentialsOf(device, row as CredentialRow) : undefined;
    return {
      ...(device && row.origin !== null ? { known: { device, ...knownOf({ ...row, origin: row.origin }) } } : {}),
      ...(credentials ? { credentials } : {}),
      authorities: row.authorities.map((der) => Buffer.from(der, "base64")),
      revoked: row.revoked,
    };
  };
}

function knownOf(row: {
  origin: typeof x509Certificates.$inferSelect.origin;
  issuerKeyHash: string | null;
  firstUsedAtMs: string | null;
  revokedAtMs: string | null;
}): Omit<NonNullable<X509Standing["known"]>, "device"> {
  const { origin, issuerKeyHash, firstUsedAtMs, revokedAtMs } = row;
  return {
    origin,
    ...(issuerKeyHash === null ? {} : { issuerKeyHash }),
    ...(firstUsedAtMs === null ? {} : { firstUsedAtMs: Number(firstUsedAtMs) }),
    ...(revokedAtMs === null ? {} : { revokedAtMs: Number(revokedAtMs) }),
  };
}
