import { DeviceError } from "../device-error.ts";
import { DemoError } from "./demo-error.ts";
import { readDemoSettings } from "./demo-settings.ts";
import { runDemo } from "./run-demo.ts";

try {
  loadDotEnv();
  const settings = readDemoSettings(process.argv.slice(2), process.env);
  const interrupted = new AbortController();
  process.once("SIGINT", () => interrupted.abort());
  const signal = AbortSignal.any([interrupted.signal, AbortSignal.timeout(settings.seconds * 1_000)]);
  await runDemo(settings, { print: (line) => console.log(line), signal });
} catch (error) {
  if (!(error instanceof DemoError || error instanceof DeviceError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/** The gateway reads `.env` too; the environment itself goes first. */
function loadDotEnv(): void {
  try {
    process.loadEnvFile();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
