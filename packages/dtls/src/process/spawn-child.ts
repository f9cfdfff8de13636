import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { promised } from "../promised.ts";
import { type Channel, openChannel } from "./channel.ts";
import type { Frame } from "./frames.ts";

/** A process that speaks DTLS. */
export interface DtlsChild {
  readonly pid: number | undefined;
  readonly channel: Channel;
  /** SIGKILL, for one that does not leave. */
  kill(): void;
}

/**
 * Starts the process. It reads the network and needs no settings and no secret, so it gets an empty environment; it ends by itself when its
 * channel does, however this process dies.
 *
 * @param nodeOptions arguments for node before the program.
 * @param on.ended is called once; a process that could not be started has ended as well.
 */
export function spawnChild(
  nodeOptions: readonly string[],
  on: { frame(frame: Frame): void; ended(how: string): void },
): DtlsChild {
  const child = spawn(process.execPath, [...nodeOptions, ...childProgram()], {
    env: {},
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const stream = child.stdio[CHANNEL_FD] as Duplex;
  const closed = promised<void>();
  const channel = openChannel(stream, { frame: on.frame, closed: () => closed.resolve() });
  // What the process had said is read when the channel is closed too.
  void Promise.all([whenEnded(child), closed.promise]).then(([how]) => on.ended(how));
  return { pid: child.pid, channel, kill: () => void child.kill("SIGKILL") };
}

const CHANNEL_FD = 3;

function whenEnded(child: ChildProcess): Promise<string> {
  return new Promise((done) => {
    child.once("error", (error) => done(error.message));
    child.once("exit", (code, signal) => done(signal ? `signal ${signal}` : `exit code ${code}`));
  });
}

/** The program beside this file: built, or in TypeScript when this file is. */
function childProgram(): string[] {
  const program = fileURLToPath(new URL("./child.ts", import.meta.url));
  if (import.meta.url.endsWith(".ts")) {
    const loader = createRequire(import.meta.url).resolve("tsx");
    return ["--conditions=trine-source", "--import", loader, program];
  }
  return [program.replace(/\.ts$/, ".js")];
}
