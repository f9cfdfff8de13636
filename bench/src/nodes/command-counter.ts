import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

/** Counts the commands that reach Redis servers; what a script does inside is not counted again. */
export interface CommandCounter {
  /**
   * Commands sent for the sake of some work, and of what it leaves behind to be written, without those that come by themselves.
   *
   * @param work @returns how many operations it was.
   * @returns commands for each operation.
   */
  perOperation(work: () => Promise<number>): Promise<number>;
  close(): void;
}

/** Longer than anything is written behind. */
const BEHIND_MS = 2_500;

/** How often a command came: by its name, and its script or its first argument. */
type Counts = ReadonlyMap<string, number>;

/**
 * Watches servers of the loopback, first for a while in which nothing happens, to know what comes by itself: leases, sweeps and retention
 * are scripts of their own, and come in bursts; beats share a command with hints, and come steadily.
 */
export async function countCommands(ports: readonly number[], idleMs: number): Promise<CommandCounter> {
  let counts = new Map<string, number>();
  const sockets = await Promise.all(
    ports.map((port) => monitor(port, (command) => counts.set(command, (counts.get(command) ?? 0) + 1))),
  );

  async function during(work: () => Promise<unknown>): Promise<{ counted: Counts; ms: number }> {
    counts = new Map();
    const began = performance.now();
    await work();
    return { counted: counts, ms: performance.now() - began };
  }

  const idle = await during(() => wait(idleMs));
  return {
    async perOperation(work) {
      let operations = 0;
      const { counted, ms } = await during(async () => {
        operations = await work();
        await wait(BEHIND_MS);
      });
      let commands = 0;
      for (const [command, count] of counted) {
        const byItself = idle.counted.get(command) ?? 0;
        if (byItself === 0) commands += count;
        else if (!command.startsWith("evalsha ")) commands += count - (byItself * ms) / idle.ms;
      }
      return commands / operations;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** `+1339518083.107412 [0 127.0.0.1:60866] "get" "key"`; the commands of a script have `lua` for an address. */
async function monitor(port: number, seen: (command: string) => void): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let rest = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    const lines = (rest + text).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, name, argument = ""] = /^\+[\d.]+ \[\d+ (?!lua\])[^\]]*\] "([^"]*)"(?: "([^"]*)")?/.exec(line) ?? [];
      if (name !== undefined) seen(`${name.toLowerCase()} ${argument}`);
    }
  });
  socket.write("MONITOR\r\n");
  await once(socket, "data");
  return socket;
}
