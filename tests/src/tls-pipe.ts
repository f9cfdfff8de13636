import { spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";

/** A program that carries bytes over TLS: in at its standard input, out at its standard output. */
export interface TlsPipe {
  readonly stream: Duplex;
  /** How it ended, and what it said about it. */
  readonly ended: Promise<{ code: number | null; said: string }>;
}

/** Starts one. What is written before its handshake is done waits. */
export function openTlsPipe([program, ...args]: readonly [string, ...string[]]): TlsPipe {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => void child.stdin.write(chunk, done),
    final: (done) => void child.stdin.end(done),
    destroy(error, done) {
      child.kill();
      done(error);
    },
  });
  child.stdout.on("data", (part: Buffer) => stream.push(part) || child.stdout.pause());
  child.stdout.once("end", () => stream.push(null));
  child.stdin.on("error", () => undefined);
  stream.on("error", () => undefined);
  let said = "";
  child.stderr.on("data", (part) => {
    said += part;
  });
  return { stream, ended: once(child, "close").then(([code]) => ({ code: code as number | null, said })) };
}
