import { createIngress } from "@trine/ingress";
import { runService } from "@trine/runtime";
import { httpSettings, startHttp } from "./index.ts";

await runService({
  name: "http",
  settings: httpSettings,
  alone: false,
  works: false,
  async start(context) {
    const { platform, settings } = context;
    const ingress = await createIngress(context);
    const adapter = await startHttp(platform, settings, ingress);
    return [adapter, { ports: {}, stop: () => ingress.close() }];
  },
});
