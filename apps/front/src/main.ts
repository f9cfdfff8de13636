import { createIngress } from "@trine/ingress";
import { runService } from "@trine/runtime";
import { frontSettings, startFront } from "./index.ts";

await runService({
  name: "front",
  settings: frontSettings,
  alone: false,
  works: false,
  async start(context) {
    const { platform, settings } = context;
    const ingress = await createIngress(context);
    const adapter = await startFront(platform, settings, ingress);
    return [adapter, { ports: {}, stop: () => ingress.close() }];
  },
});
