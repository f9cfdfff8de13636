import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { AppName } from "./app-process.ts";
import { ROOT } from "./repository.ts";

/** What the compose file says about one of Trine's containers. */
export interface ComposeService {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly user: string;
  readonly healthcheck: { readonly test: readonly string[] };
}

/** Reads the services of Trine from `infra/docker-compose.yml`, anchors resolved. */
export function readComposeServices(): Readonly<Record<Exclude<AppName, "gateway">, ComposeService>> {
  const text = readFileSync(join(ROOT, "infra/docker-compose.yml"), "utf8");
  const { services } = parse(text, { merge: true }) as { services: Record<string, ComposeService> };
  const { mqtt, coap, http, admin } = services;
  if (!mqtt || !coap || !http || !admin) throw new Error("the compose file lacks one of mqtt, coap, http, admin");
  return { mqtt, coap, http, admin };
}
