import { runService } from "@trine/runtime";
import { coapSettings, startCoap } from "./index.ts";

await runService({
  name: "coap",
  settings: coapSettings,
  alone: false,
  works: false,
  start: async ({ platform, settings }) => [await startCoap(platform, settings)],
});
