import { openTlsIdentity } from "@trine/ingress";
import { runService } from "@trine/runtime";
import { coapSettings, startCoap } from "./index.ts";

await runService({
  name: "coap",
  settings: coapSettings,
  alone: false,
  works: false,
  async start(context) {
    const { platform, settings, logger } = context;
    const certificate = await openTlsIdentity(settings, context);
    const warn = (text: string) => logger.warn({ event: "coaps_off" }, text);
    const adapter = await startCoap(platform, settings, { certificate, warn });
    return [adapter, { ports: {}, stop: async () => certificate?.close() }];
  },
});
