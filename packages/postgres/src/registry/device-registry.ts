import type { DeviceRegistry } from "@trine/core/ports";
import type { SqlDatabase } from "../database/sql-database.ts";
import { createSqlDevices } from "./devices.ts";
import { createFindCredentials } from "./find-credentials.ts";
import { createSqlProducts } from "./products.ts";
import { createSqlRotations } from "./rotations.ts";
import { createSavePresence } from "./save-presence.ts";
import { createSaveSeen } from "./save-seen.ts";

/** Products and devices in SQL. */
export function createSqlDeviceRegistry(database: SqlDatabase): DeviceRegistry {
  return {
    ...createSqlProducts(database),
    ...createSqlDevices(database),
    findCredentials: createFindCredentials(database),
    ...createSqlRotations(database),
    savePresence: createSavePresence(database),
    saveSeen: createSaveSeen(database),
  };
}
