import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { AppName } from "./app-process.ts";
import { ROOT } from "./repository.ts";

/** What the compose file says about one of its containers. */
export interface ComposeService {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly user: string;
  readonly restart: string;
  readonly read_only: boolean;
  readonly stop_grace_period: string;
  readonly healthcheck: { readonly test: readonly string[] };
}

/** The programs of Trine that have a container each. */
export type ComposeApp = Exclude<AppName, "gateway">;

/** `infra/docker-compose.yml`, anchors resolved. */
export interface ComposeFile {
  readonly services: Readonly<Record<ComposeApp | "postgres" | "redis", ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const SERVICES = ["mqtt", "coap", "http", "admin", "postgres", "redis"] as const;

/** Reads the compose file. @throws when it lacks one of the services. */
export function readComposeFile(): ComposeFile {
  const text = readFileSync(join(ROOT, "infra/docker-compose.yml"), "utf8");
  const file = parse(text, { merge: true }) as ComposeFile;
  const missing = SERVICES.filter((name) => !file.services[name]);
  if (missing.length > 0) throw new Error(`the compose file lacks ${missing.join(", ")}`);
  return file;
}
