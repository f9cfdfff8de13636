import type { DeviceService, TopicHandler } from "../contracts.ts";
import { parseInform } from "./versions/parse-inform.ts";
import { createSqlVersionStore } from "./versions/sql-version-store.ts";
import { versionRoutes } from "./versions/version-routes.ts";
import type { VersionStore } from "./versions/version-store.ts";

/** The vendor allows 10 modules of a product; a device that invents more must not fill the store. */
const MOST_MODULES = 20;

/** Firmware of devices: what they run, and what they are to run (wire-format 8.3). */
export const service: DeviceService = {
  name: "ota",
  summary: "firmware: versions of devices, updates over the air",
  isOnByDefault: true,
  open({ database, clock }) {
    const versions = createSqlVersionStore(database.db);
    return {
      topics: { "/ota/device/inform/{pk}/{dn}": informed({ versions, nowMs: clock.nowMs }) },
      routes: versionRoutes(versions),
    };
  },
};

/** Takes what devices say they run. There is no answer. */
function informed({ versions, nowMs }: { versions: VersionStore; nowMs: () => number }): TopicHandler {
  return {
    async serve({ device, payload }) {
      const inform = parseInform(payload);
      if (!inform) return { code: "malformed" };
      return { code: await versions.note(device, inform, { nowMs: nowMs(), most: MOST_MODULES }) };
    },
    refuse: () => ({ code: "off" }),
  };
}
