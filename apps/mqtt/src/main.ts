import { createIngress } from "@trine/ingress";
import { runService } from "@trine/runtime";
import { mqttSettings, startMqtt } from "./index.ts";

await runService({
  name: "mqtt",
  settings: mqttSettings,
  alone: false,
  works: false,
  async start(context) {
    const { platform, settings } = context;
    const ingress = await createIngress(context);
    const adapter = await startMqtt(platform, settings, ingress);
    return [adapter, { ports: {}, stop: () => ingress.close() }];
  },
});
