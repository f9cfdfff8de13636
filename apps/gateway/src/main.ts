import { join } from "node:path";
import { openAdminKey, startAdmin } from "@trine/admin";
import { startCoap } from "@trine/coap";
import { startHttp } from "@trine/http";
import { startMqtt } from "@trine/mqtt";
import { runService } from "@trine/runtime";
import { findOrMakeDemo } from "./demo-product.ts";
import { greeting } from "./greeting.ts";
import { gatewaySettings } from "./settings.ts";

/** Set where it is opened, read where it is shown. */
let adminKey: ReturnType<typeof openAdminKey>;

await runService({
  name: "gateway",
  settings: gatewaySettings,
  alone: true,
  works: true,
  async start({ platform, operators, settings, writeSnapshot }) {
    adminKey = openAdminKey(settings.TRINE_ADMIN_KEY, settings.TRINE_DATA_DIR);
    return Promise.all([
      startMqtt(platform, settings),
      startCoap(platform, settings),
      startHttp(platform, settings),
      startAdmin({ settings, operators, recorder: platform.recorder, adminKey, writeSnapshot }),
    ]);
  },
  async greet({ operators, settings }, ports) {
    const demo = await findOrMakeDemo(operators);
    const keyFile = settings.TRINE_ADMIN_KEY ? "TRINE_ADMIN_KEY" : join(settings.TRINE_DATA_DIR, "admin-key");
    process.stdout.write(greeting({ ports, adminKey, keyFile, demo }));
  },
});
