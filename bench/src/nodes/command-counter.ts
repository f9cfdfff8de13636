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

/** Watches servers of the loopback, first for a while in which nothing happens: leases, beats and sweeps come all the time. */
export async function countCommands(ports: readonly number[], idleMs: number): Promise<CommandCounter> {
  let count = 0;
  const sockets = await Promise.all(ports.map((port) => monitor(port, () => (count += 1))));

  async function during(work: () => Promise<unknown>): Promise<{ commands: number; ms: number }> {
    const before = count;
    const began = performance.now();
    await work();
    return { commands: count - before, ms: performance.now() - began };
  }

  const idle = await during(() => wait(idleMs));
  const byThemselves = idle.commands / idle.ms;
  return {
    async perOperation(work) {
      let operations = 0;
      const { commands, ms } = await during(async () => {
        operations = await work();
        await wait(BEHIND_MS);
      });
      return (commands - byThemselves * ms) / operations;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** `+1339518083.107412 [0 127.0.0.1:60866] "get" "key"`; the commands of a script have `lua` for an address. */
async function monitor(port: number, seen: () => void): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  let rest = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    const lines = (rest + text).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (/^\+[\d.]+ \[\d+ (?!lua\])/.test(line)) seen();
  });
  socket.write("MONITOR\r\n");
  await once(socket, "data");
  return socket;
}
