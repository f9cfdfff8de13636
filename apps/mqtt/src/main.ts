import { runService } from "@trine/runtime";
import { mqttSettings, startMqtt } from "./index.ts";

await runService({
  name: "mqtt",
  settings: mqttSettings,
  alone: false,
  works: false,
  start: async ({ platform, settings }) => [await startMqtt(platform, settings)],
});
