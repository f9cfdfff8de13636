import { readFileSync } from "node:fs";
import { parse } from "dotenv";
import type { z } from "zod";
import { StartError } from "../process/start-error.ts";

/** Settings by their environment names. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the settings of one process from the environment, checked and with defaults.
 *
 * Every setting `NAME` may instead be given as `NAME_FILE`, the path of a file that holds the value (for mounted secrets).
 *
 * @throws StartError that names every setting that is wrong.
 */
export function loadSettings<S extends z.ZodObject>(schema: S, environment: Environment): z.output<S> {
  const given: Record<string, string> = {};
  for (const name of Object.keys(schema.shape)) {
    // A setting of its own says which file that is.
    const hasFileSetting = `${name}_FILE` in schema.shape;
    const value = environment[name] || (hasFileSetting ? undefined : readSecretFile(name, environment));
    if (value) given[name] = value;
  }
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new StartError(`settings are not valid: ${wrong.join("; ")} (see docs/configuration.md)`);
}

/** The process's environment, over what stands in `.env` in the working folder. */
export function readEnvironment(): Environment {
  return { ...readDotEnv(), ...process.env };
}

function readDotEnv(): Environment {
  try {
    return parse(readFileSync(".env"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new StartError(`cannot read .env: ${(error as Error).message}`);
  }
}

function readSecretFile(name: string, environment: Environment): string | undefined {
  const file = name.endsWith("_FILE") ? undefined : environment[`${name}_FILE`];
  if (!file) return undefined;
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new StartError(`cannot read ${name}_FILE: ${(error as Error).message}`);
  }
}
