import { DeviceError } from "../device-error.ts";
import { DemoError } from "./demo-error.ts";
import { readDemoSettings } from "./demo-settings.ts";
import { runDemo } from "./run-demo.ts";

try {
  loadDotEnv();
  const settings = readDemoSettings(process.argv.slice(2), process.env);
  const ended = new AbortController();
  process.once("SIGINT", () => ended.abort());
  // Not AbortSignal.timeout: its timer is dropped with the signal, which Node 20 may collect while it is being waited for.
  const timer = setTimeout(() => ended.abort(), settings.seconds * 1_000);
  await runDemo(settings, { print: (line) => console.log(line), signal: ended.signal }).finally(() =>
    clearTimeout(timer),
  );
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
