import type { Redis } from "ioredis";

const REQUIRED = [
  { setting: "appendonly", value: "yes", risk: "a restart loses everything" },
  { setting: "appendfsync", value: "always", risk: "a crash may lose the last seconds of acknowledged messages" },
  { setting: "maxmemory-policy", value: "noeviction", risk: "a full server drops sessions and messages" },
];

/**
 * Compares the settings of servers with what it takes to lose nothing that was acknowledged.
 *
 * @returns one sentence for each setting that falls short, or that the server does not tell.
 */
export async function checkDurability(servers: readonly Redis[]): Promise<string[]> {
  const found = await Promise.all(servers.map((server) => violationsOf(server)));
  return [...new Set(found.flat())];
}

async function violationsOf(server: Redis): Promise<string[]> {
  const checks = REQUIRED.map(async ({ setting, value, risk }) => {
    const actual = await readSetting(server, setting);
    if (actual === value) return [];
    return [`${setting} is ${actual ?? "not readable"}, expected ${value}: ${risk}`];
  });
  return (await Promise.all(checks)).flat();
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
