import type { z } from "zod";
import type { ServiceDefinition } from "./service.ts";
import { StartError } from "./start-error.ts";
import { startService } from "./start-service.ts";

/** What a stop may take beyond the time that it hands devices on. */
const STOP_WITHIN_MS = 6_500;

/**
 * Runs a service as this process: starts it, stops it on SIGTERM or SIGINT, and sets the exit code. SIGTERM is how a supervisor ends one
 * process of several: its devices are handed on. SIGINT comes from a person at a terminal, who does not want to wait.
 *
 * A fault at start that its reader can mend is one line on standard error and exit code 1.
 */
export async function runService<S extends z.ZodObject>(definition: ServiceDefinition<S>): Promise<void> {
  process.on("unhandledRejection", crash);
  process.on("uncaughtException", crash);
  try {
    const service = await startService(definition);
    const stopOnce = once(async (drainMs) => {
      // A stop that hangs must not keep the process: what was acknowledged is durable already.
      setTimeout(() => process.exit(1), drainMs + STOP_WITHIN_MS).unref();
      await service.stop(drainMs);
      process.exit(0);
    });
    process.on("SIGTERM", () => stopOnce(service.drainMs));
    process.on("SIGINT", () => stopOnce(0));
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    process.stderr.write(`trine ${definition.name}: ${error.message}\n`);
    process.exit(1);
  }
}

function crash(error: unknown): void {
  process.stderr.write(
    `${JSON.stringify({ level: "fatal", event: "crash", message: String((error as Error)?.stack ?? error) })}\n`,
  );
  process.exit(1);
}

function once(work: (drainMs: number) => Promise<void>): (drainMs: number) => void {
  let begun = false;
  return (drainMs) => {
    if (begun) return;
    begun = true;
    work(drainMs).catch(crash);
  };
}
