import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { pause } from "./traffic/pause.ts";

/** A command that a client sent to Redis: its name, or its script, and the key or the message that it names. What a script does inside is not counted again. */
export type RedisCommand = string;

/** Sees every command that reaches a Redis server. */
export interface RedisMonitor {
  /** Runs something, and waits until Redis is quiet again. @returns the commands of that time that it does not get when nothing happens. */
  commandsOf(work: () => Promise<unknown>): Promise<readonly RedisCommand[]>;
  close(): void;
}

/** So long without a command that does not come by itself, and what was begun is over. */
const QUIET_MS = 700;
/** Longer than every interval at which a process asks by itself, retention's 10 s being the longest. */
const IDLE_MS = 12_000;

/** Watches the server for a while in which nothing happens, to know what comes by itself: leases, sweeps, retention. */
export async function watchRedis(port: number): Promise<RedisMonitor> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const lines = createInterface({ input: socket });
  const seen: RedisCommand[] = [];
  const byItself = new Set<RedisCommand>();
  lines.on("line", (line) => {
    const command = parseLine(line);
    if (command !== undefined && !byItself.has(anyPartition(command))) seen.push(command);
  });
  socket.write("MONITOR\r\n");
  await pause(IDLE_MS);
  for (const command of seen) byItself.add(anyPartition(command));

  return {
    async commandsOf(work) {
      seen.length = 0;
      await work();
      for (let count = -1; count !== seen.length; ) {
        count = seen.length;
        await pause(QUIET_MS);
      }
      return withoutRounds(seen);
    },
    close: () => socket.destroy(),
  };
}

function anyPartition(command: RedisCommand): string {
  return command.replace(/(?<=trine:uplink:)\{\d+\}/, "{*}");
}

/** Retention goes round all partitions of the uplink log, with other scripts than before where there is something to do: an operation touches one. */
function withoutRounds(commands: readonly RedisCommand[]): readonly RedisCommand[] {
  const partitions = new Map<string, Set<string>>();
  for (const command of commands) {
    const [, name = "", partition] = /^(.*) trine:uplink:(\{\d+\})/.exec(command) ?? [];
    if (partition !== undefined) partitions.set(name, (partitions.get(name) ?? new Set()).add(partition));
  }
  const rounds = [...partitions].filter(([, seen]) => seen.size > 1).map(([name]) => `${name} trine:uplink:`);
  return commands.filter((command) => !rounds.some((round) => command.startsWith(round)));
}

/** `+1339518083.107412 [0 127.0.0.1:60866] "evalsha" "<digest>" "1" "key" ...`; scripts' own commands have `lua` for an address. */
function parseLine(line: string): RedisCommand | undefined {
  const [, address, rest = ""] = /^\+[\d.]+ \[\d+ (\S+)\] (.*)$/.exec(line) ?? [];
  if (address === undefined || address === "lua") return undefined;
  const words = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].slice(0, 4).map(([, word = ""]) => word);
  const [name = "", first = "", second = "", key = ""] = words;
  if (/^eval/i.test(name)) return `script ${first.slice(0, 8)} ${key}`;
  // Beats of the control bus come by themselves, on the channels of its commands.
  const kind = /publish/i.test(name) ? ` ${/kind[^a-z]*([a-z]+)/.exec(second)?.[1]}` : "";
  return `${name.toLowerCase()} ${first}${kind}`;
}
