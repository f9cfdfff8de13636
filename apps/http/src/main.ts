import { runService } from "@trine/runtime";
import { httpSettings, startHttp } from "./index.ts";

await runService({
  name: "http",
  settings: httpSettings,
  alone: false,
  works: false,
  start: async ({ platform, settings }) => [await startHttp(platform, settings)],
});
