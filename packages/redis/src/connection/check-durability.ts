import type { Redis } from "ioredis";

/** A way in which acknowledged writes may be lost. An `error` makes writes fail now. */
export interface DurabilityComplaint {
  readonly severity: "warning" | "error";
  readonly detail: string;
}

const REQUIRED = [
  { setting: "appendonly", value: "yes", risk: "a restart loses everything" },
  { setting: "appendfsync", value: "always", risk: "a crash may lose the last seconds of acknowledged messages" },
  { setting: "maxmemory-policy", value: "noeviction", risk: "a full server drops sessions and messages" },
];

/**
 * Compares servers with what it takes to lose nothing that was acknowledged: their settings, and their replicas with those that a write
 * waits for.
 *
 * @param servers those that hold keys, no replicas.
 * @returns one sentence for each thing that falls short, or that a server does not tell.
 */
export async function checkDurability(servers: readonly Redis[], replicas: number): Promise<DurabilityComplaint[]> {
  const found = (await Promise.all(servers.map((server) => complaintsAbout(server, replicas)))).flat();
  return found.filter(({ detail }, i) => found.findIndex((other) => other.detail === detail) === i);
}

async function complaintsAbout(server: Redis, replicas: number): Promise<DurabilityComplaint[]> {
  const settings = REQUIRED.map(async ({ setting, value, risk }): Promise<DurabilityComplaint[]> => {
    const actual = await readSetting(server, setting);
    if (actual === value) return [];
    return [{ severity: "warning", detail: `${setting} is ${actual ?? "not readable"}, expected ${value}: ${risk}` }];
  });
  return (await Promise.all([...settings, complaintsAboutReplicas(server, replicas)])).flat();
}

async function complaintsAboutReplicas(server: Redis, wanted: number): Promise<DurabilityComplaint[]> {
  const connected = (await server.info("replication")).match(/^slave\d+:.*state=online/gm)?.length ?? 0;
  if (connected < wanted) {
    const detail = `a server has ${connected} replicas connected, and writes wait for ${wanted}: nothing is acknowledged`;
    return [{ severity: "error", detail }];
  }
  if (wanted > 0 || connected === 0) return [];
  return [
    { severity: "warning", detail: "writes do not wait for the replicas: a failover may lose acknowledged messages" },
  ];
}

/** `undefined` when the server keeps it to itself, as managed ones do. */
async function readSetting(server: Redis, setting: string): Promise<string | undefined> {
  try {
    const [, value] = (await server.config("GET", setting)) as string[];
    return value;
  } catch (error) {
    if (error instanceof Error && /^(ERR|NOPERM)/.test(error.message)) return undefined;
    throw error;
  }
}
