import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { FOREIGN_KEY_VIOLATION, type Sql, type SqlDatabase, sqlState } from "@trine/postgres";
import { and, asc, count, eq, or, sql } from "drizzle-orm";
import type { NewLink, TopologyStore, WantedLink } from "./store.ts";
import { topologyLinks as table } from "./tables.ts";

/** The topology in SQL. */
export function createSqlTopologyStore({ db, transaction }: SqlDatabase): TopologyStore {
  return {
    gatewaysOf: (devices) => gatewaysOf(db, devices),
    async bind(gateway, wanted, { most, atMs }) {
      try {
        return await transaction(async (tx) => {
          await lock(tx, [gateway, ...wanted.map(({ device }) => device)]);
          const before = await gatewaysOf(
            tx,
            wanted.map(({ device }) => device),
          );
          const links = newLinks(gateway, wanted, before);
          if (links === "taken") return links;
          const [counted] = await tx.select({ links: count() }).from(table).where(behindOf(gateway));
          if (links.length > 0 && (counted?.links ?? 0) + links.length > most) return "full";
          await insert(tx, gateway, { links, atMs });
          return links;
        });
      } catch (error) {
        if (sqlState(error) === FOREIGN_KEY_VIOLATION) return "gone";
        throw error;
      }
    },
    async unbind(gateway, devices) {
      if (devices.length === 0) return [];
      return transaction(async (tx) => {
        await lock(tx, devices);
        return tx
          .delete(table)
          .where(and(behindOf(gateway), oneOf(devices)))
          .returning({ productKey: table.productKey, deviceName: table.deviceName });
      });
    },
    async behind(gateway, { limit, after }) {
      const isLater =
        after && sql`(${table.productKey}, ${table.deviceName}) > (${after.productKey}, ${after.deviceName})`;
      const rows = await db
        .select()
        .from(table)
        .where(and(behindOf(gateway), isLater))
        .orderBy(asc(table.productKey), asc(table.deviceName))
        .limit(limit);
      return rows.map(({ productKey, deviceName, addedAtMs }) => ({ device: { productKey, deviceName }, addedAtMs }));
    },
  };
}

/** Whoever changes something about one of these waits for the others, and nobody for each other: the order is the same for all. */
async function lock(tx: Sql, devices: readonly DeviceRef[]): Promise<void> {
  const names = [...new Set(devices.map(deviceKey))].sort();
  for (const name of names)
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`topology/${name}`}, 0))`);
}

async function gatewaysOf(db: Sql, devices: readonly DeviceRef[]): Promise<ReadonlyMap<string, DeviceRef>> {
  if (devices.length === 0) return new Map();
  const rows = await db.select().from(table).where(oneOf(devices));
  return new Map(
    rows.map(({ gatewayProductKey, gatewayDeviceName, ...device }) => [
      deviceKey(device),
      { productKey: gatewayProductKey, deviceName: gatewayDeviceName },
    ]),
  );
}

function newLinks(
  gateway: DeviceRef,
  wanted: readonly WantedLink[],
  before: ReadonlyMap<string, DeviceRef>,
): readonly NewLink[] | "taken" {
  const links: NewLink[] = [];
  for (const { device, mayMove } of wanted) {
    const from = before.get(deviceKey(device));
    if (from && deviceKey(from) === deviceKey(gateway)) continue;
    if (from && !mayMove) return "taken";
    links.push({ device, ...(from && { from }) });
  }
  return links;
}

async function insert(
  tx: Sql,
  gateway: DeviceRef,
  { links, atMs }: { links: readonly NewLink[]; atMs: number },
): Promise<void> {
  if (links.length === 0) return;
  const place = { gatewayProductKey: gateway.productKey, gatewayDeviceName: gateway.deviceName, addedAtMs: atMs };
  await tx
    .insert(table)
    .values(links.map(({ device }) => ({ ...device, ...place })))
    .onConflictDoUpdate({ target: [table.productKey, table.deviceName], set: place });
}

function behindOf({ productKey, deviceName }: DeviceRef) {
  return and(eq(table.gatewayProductKey, productKey), eq(table.gatewayDeviceName, deviceName));
}

function oneOf(devices: readonly DeviceRef[]) {
  return or(
    ...devices.map(({ productKey, deviceName }) =>
      and(eq(table.productKey, productKey), eq(table.deviceName, deviceName)),
    ),
  );
}
