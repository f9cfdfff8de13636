import { z } from "zod";
import type { DeviceService } from "../contracts.ts";
import { createCleaningWork } from "./firmware/cleaning-work.ts";
import { firmwareRoutes } from "./firmware/firmware-routes.ts";
import { openDownload } from "./firmware/open-download.ts";
import { openFiles } from "./firmware/open-files.ts";
import { createSqlFirmwareStore } from "./firmware/sql-firmware-store.ts";
import { deviceTopics } from "./jobs/device-topics.ts";
import { jobRoutes } from "./jobs/job-routes.ts";
import { createPushWork } from "./jobs/push-work.ts";
import { createSqlJobStore } from "./jobs/sql-job-store.ts";
import { createSqlVersionStore } from "./versions/sql-version-store.ts";
import { versionRoutes } from "./versions/version-routes.ts";

const settings = {
  TRINE_FIRMWARE_DIR: z
    .string()
    .optional()
    .transform((text) => (text === "" ? undefined : text))
    .describe(
      "Folder of firmware files; every process that serves devices over HTTP, and the REST API, has to read it. Unset: `firmware` in the data folder.",
    ),
  TRINE_FIRMWARE_MAX_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(268_435_456)
    .describe("Largest file of firmware, in bytes."),
};

/** Firmware of devices: what they run, and what they are to run (wire-format 8.3). */
export const service: DeviceService<typeof settings> = {
  name: "ota",
  summary: "firmware: versions of devices, updates over the air",
  isOnByDefault: true,
  settings,
  open(host, given) {
    const { database, clock, dataFolder } = host;
    const versions = createSqlVersionStore(database.db);
    const firmware = createSqlFirmwareStore(database);
    const jobs = createSqlJobStore(database);
    const files = openFiles(given, dataFolder);
    return {
      topics: deviceTopics({ host, versions, jobs, firmware }),
      routes: [
        ...versionRoutes(versions),
        ...firmwareRoutes({ host, files, firmware, most: given.TRINE_FIRMWARE_MAX_BYTES }),
        ...jobRoutes({ host, firmware, jobs }),
      ],
      works: [
        createPushWork({ host, jobs, firmware }),
        ...(files ? [createCleaningWork({ files, firmware, clock })] : []),
      ],
      ...(files ? { downloads: openDownload({ files, firmware }) } : {}),
    };
  },
};
