import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { askRedis } from "./ask-redis.ts";
import { pollUntil } from "./poll-until.ts";
import { spawnProcess } from "./spawn-process.ts";
import { startRedis } from "./start-redis.ts";
import { makeTempFolder } from "./temp-folder.ts";
import { startRestartable, type TestServer } from "./test-server.ts";

/** A Redis server, its replicas, and three sentinels that make a replica the primary when the server dies. */
export interface RedisSentinelServers extends AsyncDisposable {
  /** `redis+sentinel://` with every sentinel. */
  readonly url: string;
  /** The primary of the start, and its replicas. */
  readonly members: readonly [TestServer, ...TestServer[]];
  readonly sentinels: readonly TestServer[];
  /** The member that the sentinels hold for the primary now. @throws when no sentinel answers. */
  primary(): Promise<TestServer>;
  dispose(): Promise<void>;
}

const NAME = "main";
const SENTINELS = 3;
const QUORUM = 2;

/** Starts the servers. A primary that dies is replaced within about four seconds. */
export async function startRedisSentinel({ replicas = 1 }: { replicas?: number } = {}): Promise<RedisSentinelServers> {
  const quick = ["--repl-diskless-sync-delay", "0"];
  const first = await startRedis({ args: quick });
  const follow = ["--replicaof", "127.0.0.1", String(first.port)];
  const others = await Promise.all(Array.from({ length: replicas }, () => startRedis({ args: [...quick, ...follow] })));
  const isReplicated = async () =>
    String(await askRedis(first.port, "INFO", "replication")).match(/state=online/g)?.length === replicas;
  await pollUntil(isReplicated, "the replica does not connect");
  const sentinels = await Promise.all(Array.from({ length: SENTINELS }, () => startSentinel(first.port)));
  await Promise.all(
    sentinels.map(({ port }) => pollUntil(() => knowsAll(port, replicas), "the sentinels do not come together")),
  );
  const members = [first, ...others] as const;
  const dispose = async () => {
    await Promise.all([...members, ...sentinels].map((server) => server.dispose()));
  };
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",")}/${NAME}`,
    members,
    sentinels,
    async primary() {
      const asked = sentinels.map(({ port }) => askRedis(port, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME));
      const [, port] = (await Promise.any(asked)) as string[];
      return members.find((member) => String(member.port) === port) ?? first;
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

async function startSentinel(primaryPort: number): Promise<TestServer> {
  const folder = await makeTempFolder("sentinel");
  const file = join(folder.path, "sentinel.conf");
  // A sentinel keeps its state in its configuration file.
  await writeFile(
    file,
    [
      `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} ${QUORUM}`,
      `sentinel down-after-milliseconds ${NAME} 1500`,
      `sentinel failover-timeout ${NAME} 3000`,
    ].join("\n"),
  );
  return startRestartable({
    port: undefined,
    folder,
    url: (port) => `redis://127.0.0.1:${port}`,
    start: (port) =>
      spawnProcess({
        command: [
          "redis-server",
          file,
          ...["--sentinel", "--bind", "127.0.0.1", "--port", String(port), "--dir", folder.path],
        ],
        ready: /\+monitor master/,
      }),
    isPortTaken: /Address already in use/,
  });
}

/** Whether a sentinel knows the replicas and the other sentinels: before that it starts no failover. */
async function knowsAll(port: number, replicas: number): Promise<boolean> {
  const fields = (await askRedis(port, "SENTINEL", "MASTER", NAME)) as string[];
  const numberOf = (field: string) => Number(fields[fields.indexOf(field) + 1]);
  return numberOf("num-slaves") === replicas && numberOf("num-other-sentinels") === SENTINELS - 1;
}
