import type { DeviceName, ProductKey } from "@trine/core/certificate";
import { byteOrderedText, devices, timeMs } from "@trine/postgres";
import { foreignKey, index, pgTable, primaryKey } from "drizzle-orm/pg-core";

/** Which device is behind which gateway: behind one at most. */
export const topologyLinks = pgTable(
  "topology_links",
  {
    productKey: byteOrderedText("product_key").$type<ProductKey>().notNull(),
    deviceName: byteOrderedText("device_name").$type<DeviceName>().notNull(),
    gatewayProductKey: byteOrderedText("gateway_product_key").$type<ProductKey>().notNull(),
    gatewayDeviceName: byteOrderedText("gateway_device_name").$type<DeviceName>().notNull(),
    addedAtMs: timeMs("added_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.productKey, table.deviceName] }),
    foreignKey({
      name: "topology_links_device",
      columns: [table.productKey, table.deviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
    foreignKey({
      name: "topology_links_gateway",
      columns: [table.gatewayProductKey, table.gatewayDeviceName],
      foreignColumns: [devices.productKey, devices.deviceName],
    }).onDelete("cascade"),
    // In the order in which lists go through it.
    index("topology_links_behind").on(
      table.gatewayProductKey,
      table.gatewayDeviceName,
      table.productKey,
      table.deviceName,
    ),
  ],
);
