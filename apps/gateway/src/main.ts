import { join } from "node:path";
import { openAdminKey, startAdmin } from "@trine/admin";
import { startAmqp } from "@trine/amqp";
import { startCoap } from "@trine/coap";
import { startHttp } from "@trine/http";
import { createIngress, type Ingress } from "@trine/ingress";
import { startMqtt } from "@trine/mqtt";
import { runService } from "@trine/runtime";
import { findOrMakeDemo } from "./demo-product.ts";
import { greeting } from "./greeting.ts";
import { gatewaySettings } from "./settings.ts";
import { startAllPort } from "./start-all-port.ts";

/** Set where they are opened, read where they are shown. */
let adminKey: ReturnType<typeof openAdminKey>;
let ingress: Ingress;

await runService({
  name: "gateway",
  settings: gatewaySettings,
  alone: true,
  works: true,
  async start(context) {
    const { platform, operators, services, settings, writeSnapshot } = context;
    const { recorder } = platform;
    adminKey = openAdminKey(settings.TRINE_ADMIN_KEY, settings.TRINE_DATA_DIR);
    ingress = await createIngress(context);
    const [mqtt, http, ...others] = await Promise.all([
      startMqtt(platform, settings, ingress),
      startHttp(platform, settings, ingress),
      startCoap(platform, settings, {
        certificate: ingress.certificate,
        warn: (text) => context.logger.warn({ event: "coaps_off" }, text),
      }),
      startAmqp(context, settings, ingress),
      startAdmin({ settings, operators, services, recorder, adminKey, writeSnapshot }),
    ]);
    const all = await startAllPort(settings, ingress, { ...mqtt.receivers, ...http.receivers });
    return [mqtt, http, ...others, all, { ports: {}, stop: () => ingress.close() }];
  },
  async greet({ operators, settings }, ports) {
    const demo = await findOrMakeDemo(operators);
    const keyFile = settings.TRINE_ADMIN_KEY ? "TRINE_ADMIN_KEY" : join(settings.TRINE_DATA_DIR, "admin-key");
    const adminScheme = settings.TRINE_ADMIN_TLS_CERT_FILE ? "https" : "http";
    process.stdout.write(greeting({ ports, adminScheme, adminKey, keyFile, demo, caFile: ingress.caFile }));
  },
});
