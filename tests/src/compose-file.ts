import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import type { AppName } from "./app-process.ts";
import { ROOT } from "./repository.ts";

/** What a compose file says about one of its containers. */
export interface ComposeService {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  readonly user: string;
  readonly restart: string;
  readonly read_only: boolean;
  readonly stop_grace_period: string;
  readonly ports: readonly string[];
  /** By name; a list for a container that needs no address of its own. */
  readonly networks: Readonly<Record<string, { readonly ipv4_address: string } | undefined>>;
  readonly healthcheck: { readonly test: readonly string[] };
}

/** The programs of Trine that have a container each. */
export type ComposeApp = Exclude<AppName, "gateway" | "front">;

/** A compose file, anchors resolved. */
export interface ComposeFile<Name extends string> {
  readonly services: Readonly<Record<Name, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

const APPS = ["mqtt", "coap", "http", "amqp", "admin"] as const satisfies readonly ComposeApp[];

/** `infra/docker-compose.yml`. @throws when it lacks one of the services. */
export function readComposeFile(): ComposeFile<ComposeApp | "front" | "postgres" | "redis"> {
  return read("docker-compose.yml", [...APPS, "front", "postgres", "redis"]);
}

/** What `infra/docker-compose.key-service.yml` adds to the services of `infra/docker-compose.yml`. */
export function readKeyServiceFile(): ComposeFile<ComposeApp | "front"> {
  return read("docker-compose.key-service.yml", [...APPS, "front"]);
}

type Twice<Name extends string> = `${Name}-${1 | 2}`;
type RedisMember = `redis-${1 | 2 | 3 | 4 | 5 | 6}`;

/** The containers of `infra/docker-compose.cluster.yml` that run a protocol, or the operators' API. */
export const CLUSTER_APPS: readonly Twice<ComposeApp>[] = APPS.flatMap((app) => [`${app}-1`, `${app}-2`] as const);

/** Those that keep its data in Redis. */
export const CLUSTER_MEMBERS: readonly RedisMember[] = [
  "redis-1",
  "redis-2",
  "redis-3",
  "redis-4",
  "redis-5",
  "redis-6",
];

/** `infra/docker-compose.cluster.yml`. @throws when it lacks one of the services. */
export function readClusterFile(): ComposeFile<Twice<ComposeApp | "front"> | RedisMember | "redis-cluster"> {
  return read("docker-compose.cluster.yml", [
    ...CLUSTER_APPS,
    "front-1",
    "front-2",
    ...CLUSTER_MEMBERS,
    "redis-cluster",
  ]);
}

function read<Name extends string>(file: string, names: readonly Name[]): ComposeFile<Name> {
  const composed = parse(readFileSync(join(ROOT, "infra", file), "utf8"), { merge: true }) as ComposeFile<Name>;
  const missing = names.filter((name) => !composed.services[name]);
  if (missing.length > 0) throw new Error(`${file} lacks ${missing.join(", ")}`);
  return composed;
}
