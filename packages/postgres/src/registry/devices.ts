import { type DeviceRef, parseDeviceName } from "@trine/core/certificate";
import type { DeviceFilter, DeviceRegistry } from "@trine/core/ports";
import { and, asc, count, eq, gt, inArray, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import { createCursors } from "../cursor.ts";
import { query, type SqlDatabase } from "../database/sql-database.ts";
import { FOREIGN_KEY_VIOLATION, sqlState } from "../database/sql-fault.ts";
import { spentVersions } from "../schema/key-tables.ts";
import { devices, products, timeline } from "../schema/registry-tables.ts";
import { deviceColumns, deviceRecord, hasStatus } from "./device-record.ts";
import { insertDevices } from "./insert-devices.ts";

type DeviceMethods = Pick<
  DeviceRegistry,
  | "insertDevices"
  | "findDevice"
  | "findByIotId"
  | "countDevices"
  | "listDevices"
  | "updateDevice"
  | "changeTags"
  | "deleteDevice"
  | "activate"
  | "noteRegistration"
  | "listSealedSecrets"
>;

const cursors = createCursors("devices", parseDeviceName);

/** The devices' part of the registry. */
export function createSqlDevices({ db }: SqlDatabase): DeviceMethods {
  return {
    async insertDevices(productKey, added) {
      try {
        const free = new Set(await insertDevices(db, productKey, added));
        // `delete` answers true once, so a name that was given twice is taken the second time.
        return { taken: added.map(({ device }) => device.deviceName).filter((name) => !free.delete(name)) };
      } catch (error) {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return "no_product";
        throw error;
      }
    },
    async findDevice(device) {
      const [row] = await db.select(deviceColumns).from(devices).where(isDevice(device));
      return row && deviceRecord(row);
    },
    async findByIotId(iotId) {
      const [row] = await db.select(deviceColumns).from(devices).where(eq(devices.iotId, iotId));
      return row && deviceRecord(row);
    },
    async countDevices(products) {
      const counts = new Map(products.map((productKey) => [productKey, 0]));
      if (products.length === 0) return counts;
      const { productKey } = devices;
      const rows = await db
        .select({ productKey, count: count() })
        .from(devices)
        .where(inArray(productKey, [...products]))
        .groupBy(productKey);
      for (const row of rows) counts.set(row.productKey, row.count);
      return counts;
    },
    async listDevices(productKey, filter, { limit, cursor }) {
      const after = cursors.read(cursor);
      if (!isNamePrefix(filter.namePrefix)) return { items: [] };
      const rows = await db
        .select(deviceColumns)
        .from(devices)
        .where(
          and(
            eq(devices.productKey, productKey),
            after === undefined ? undefined : gt(devices.deviceName, after),
            ...matches(filter),
          ),
        )
        .orderBy(asc(devices.deviceName))
        .limit(limit + 1);
      return cursors.page(rows, limit, { key: (row) => row.deviceName, item: deviceRecord });
    },
    async updateDevice(device, { nickname, tags, disabled }) {
      const change = {
        ...(nickname === undefined ? {} : { nickname }),
        ...(tags === undefined ? {} : { tags }),
        ...(disabled === undefined ? {} : { disabled }),
      };
      if (Object.keys(change).length === 0) return this.findDevice(device);
      const [row] = await db.update(devices).set(change).where(isDevice(device)).returning(deviceColumns);
      return row && deviceRecord(row);
    },
    async changeTags(device, { set, remove }, most) {
      const tags = sql`(${devices.tags} - array[${sql.join(
        remove.map((key) => sql`${key}`),
        sql`, `,
      )}]::text[]) || ${JSON.stringify(set)}::jsonb`;
      const changed = await db
        .update(devices)
        .set({ tags })
        .where(and(isDevice(device), sql`(select count(*) from jsonb_object_keys(${tags})) <= ${most}`))
        .returning({ deviceName: devices.deviceName });
      if (changed.length > 0) return "changed";
      return (await this.findDevice(device)) ? "too_many" : "not_found";
    },
    async deleteDevice(device) {
      const [deleted] = await query<{ iot_id: string }>(
        db,
        sql`with gone as (
            delete from ${devices} where ${isDevice(device)}
            returning product_key, device_name, iot_id, greatest(secret_version, next_secret_version) as secret_version
          ),
          told as (delete from ${timeline} using gone where timeline.iot_id = gone.iot_id),
          kept as (
            insert into ${spentVersions} (product_key, device_name, secret_version)
            select gone.product_key, device_name, secret_version from gone
              join ${products} on products.product_key = gone.product_key and sealed_seed is not null
            on conflict (product_key, device_name)
              do update set secret_version = greatest(spent_versions.secret_version, excluded.secret_version)
          )
        select iot_id from gone`,
      );
      return deleted && { iotId: deleted.iot_id };
    },
    async activate(device, iotId, atMs) {
      const activated = await db
        .update(devices)
        .set({ activatedAtMs: atMs })
        .where(and(isDevice(device), eq(devices.iotId, iotId), isNull(devices.activatedAtMs)))
        .returning({ iotId: devices.iotId });
      return activated.length > 0;
    },
    async noteRegistration(device, iotId, { atMs, notSinceMs }) {
      const { activatedAtMs, disabled, registeredAtMs } = devices;
      const noted = await db
        .update(devices)
        .set({ registeredAtMs: atMs })
        .where(
          and(
            isDevice(device),
            eq(devices.iotId, iotId),
            isNull(activatedAtMs),
            eq(disabled, false),
            or(isNull(registeredAtMs), lte(registeredAtMs, notSinceMs)),
          ),
        )
        .returning({ iotId: devices.iotId });
      return noted.length > 0;
    },
    async listSealedSecrets(productKey, { after, limit, batchId, among }) {
      const rows = await db
        .select({ deviceName: devices.deviceName, secretVersion: newestVersion, sealedSecret: newestSecret })
        .from(devices)
        .where(
          and(
            eq(devices.productKey, productKey),
            after === undefined ? undefined : gt(devices.deviceName, after),
            batchId === undefined ? undefined : eq(devices.batchId, batchId),
            among === undefined ? undefined : inArray(devices.deviceName, [...among]),
          ),
        )
        .orderBy(asc(devices.deviceName))
        .limit(limit);
      return rows.map(({ sealedSecret, ...row }) => ({ ...row, ...(sealedSecret === null ? {} : { sealedSecret }) }));
    },
  };
}

const newestSecret = sql<string | null>`coalesce(${devices.nextSealedSecret}, ${devices.sealedSecret})`;
const newestVersion = sql<number>`greatest(${devices.secretVersion}, ${devices.nextSecretVersion})`;

/** The row of one device. */
export function isDevice({ productKey, deviceName }: DeviceRef): SQL | undefined {
  return and(eq(devices.productKey, productKey), eq(devices.deviceName, deviceName));
}

// No name holds another character (wire-format 1), so such a prefix matches nothing.
function isNamePrefix(prefix = ""): boolean {
  return /^[A-Za-z0-9_@.:-]*$/.test(prefix);
}

function matches({ status, namePrefix, tags }: DeviceFilter): (SQL | undefined)[] {
  return [
    status && hasStatus(status),
    // A range of the index instead of `like`, which would read `_` as a wildcard. The names are ASCII, so `~` is beyond all of them.
    namePrefix
      ? sql`${devices.deviceName} >= ${namePrefix} and ${devices.deviceName} < ${`${namePrefix}~`}`
      : undefined,
    tags && Object.keys(tags).length > 0 ? sql`${devices.tags} @> ${JSON.stringify(tags)}::jsonb` : undefined,
  ];
}
