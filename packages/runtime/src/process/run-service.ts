import type { z } from "zod";
import type { ServiceDefinition } from "./service.ts";
import { StartError } from "./start-error.ts";
import { startService } from "./start-service.ts";

/** Kubernetes and compose kill after 10 s; be done before. */
const STOP_WITHIN_MS = 9_500;

/**
 * Runs a service as this process: starts it, stops it on SIGTERM or SIGINT, and sets the exit code.
 *
 * A fault at start that its reader can mend is one line on standard error and exit code 1.
 */
export async function runService<S extends z.ZodObject>(definition: ServiceDefinition<S>): Promise<void> {
  process.on("unhandledRejection", crash);
  process.on("uncaughtException", crash);
  try {
    const service = await startService(definition);
    const stopOnce = once(async () => {
      // A stop that hangs must not keep the process: what was acknowledged is durable already.
      setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
      await service.stop();
      process.exit(0);
    });
    process.on("SIGTERM", stopOnce);
    process.on("SIGINT", stopOnce);
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

function once(work: () => Promise<void>): () => void {
  let begun = false;
  return () => {
    if (begun) return;
    begun = true;
    work().catch(crash);
  };
}
