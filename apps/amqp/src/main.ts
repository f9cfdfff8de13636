import { createIngress } from "@trine/ingress";
import { runService, StartError } from "@trine/runtime";
import { amqpSettings, startAmqp } from "./index.ts";

await runService({
  name: "amqp",
  settings: amqpSettings,
  alone: false,
  works: false,
  async start(context) {
    const { settings } = context;
    const ingress = await createIngress(context);
    const adapter = await startAmqp(context, settings, ingress);
    if (Object.keys(adapter.ports).length === 0)
      throw new StartError("nothing to listen on: set TRINE_TLS_CERT_FILE and TRINE_TLS_KEY_FILE, or TRINE_AMQP_PORT");
    return [adapter, { ports: {}, stop: () => ingress.close() }];
  },
});
