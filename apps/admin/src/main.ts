import { runService } from "@trine/runtime";
import { adminSettings, openAdminKey, startAdmin } from "./index.ts";

await runService({
  name: "admin",
  settings: adminSettings,
  alone: false,
  works: true,
  start: async ({ settings, operators, services, platform, writeSnapshot }) => [
    await startAdmin({
      settings,
      operators,
      services,
      recorder: platform.recorder,
      adminKey: openAdminKey(settings.TRINE_ADMIN_KEY, settings.TRINE_DATA_DIR),
      writeSnapshot,
    }),
  ],
});
