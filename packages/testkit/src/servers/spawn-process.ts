import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { whenThisProcessEnds } from "./guard.ts";

export interface ProcessOptions {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Added to the environment of this process; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** The line, on standard output or error, that says that it is up. */
  readonly ready: RegExp;
  /** How long it may take until then; default 30 s. */
  readonly readyWithinMs?: number;
  /** The user to run as; only root may ask for another. */
  readonly uid?: number;
  /** What asks it to stop; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

/** How a process ended. */
export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program that a test started. `await using` kills it at the end of the block. */
export interface RunningProcess extends AsyncDisposable {
  readonly pid: number;
  /** Everything that it wrote so far, line by line, both streams. */
  readonly lines: readonly string[];
  /** Resolves when it ended. */
  readonly ended: Promise<ProcessEnd>;
  /** Resolves with the first line that matches, written already or to come. @throws when it ends without such a line. */
  line(pattern: RegExp): Promise<string>;
  /** Asks it to stop and waits; kills it after `withinMs` (default 15 s). */
  stop(withinMs?: number): Promise<ProcessEnd>;
  /** SIGKILL to it and its children, and waits. */
  kill(): Promise<ProcessEnd>;
}

/** A program ended, or took too long, before it was up. */
export class ProcessStartError extends Error {
  readonly lines: readonly string[];
  readonly end: ProcessEnd | undefined;

  constructor(command: string, lines: readonly string[], end?: ProcessEnd) {
    const how = end ? `ended (code ${end.code}, signal ${end.signal})` : "took too long";
    super(`${command} ${how} before it was ready:\n${lines.slice(-30).join("\n")}`);
    this.name = "ProcessStartError";
    this.lines = lines;
    this.end = end;
  }
}

/**
 * Starts a program and waits for its ready line. It is killed with all its children when this process ends, however that happens.
 *
 * @throws ProcessStartError when it ends or the time is over before.
 */
export async function spawnProcess(options: ProcessOptions): Promise<RunningProcess> {
  const running = await launch(options);
  const { readyWithinMs = 30_000, ready, command } = options;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(running.pid);
  }, readyWithinMs);
  try {
    await running.line(ready);
  } catch {
    throw new ProcessStartError(command.join(" "), running.lines, late ? undefined : await running.ended);
  } finally {
    clearTimeout(timer);
  }
  return running;
}

async function launch(options: ProcessOptions): Promise<RunningProcess> {
  const child = spawnGroup(options);
  const output = collectLines(child);
  const pid = await pidOf(child);
  const unguard = whenThisProcessEnds('kill -KILL "-$1"', String(pid));
  // "close" comes when the children have let go of the output as well, so nothing of the program is left then.
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once("exit", () => killGroup(pid));
    child.once("close", (code, signal) => {
      unguard();
      resolve({ code, signal });
    });
  });
  const kill = () => {
    killGroup(pid);
    return ended;
  };
  const stop = (withinMs = 15_000) => {
    const timer = setTimeout(() => killGroup(pid), withinMs);
    child.kill(options.stopSignal ?? "SIGTERM");
    return ended.finally(() => clearTimeout(timer));
  };
  return {
    pid,
    lines: output.lines,
    ended,
    line: (pattern) => output.line(pattern, ended),
    stop,
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
    },
  };
}

function spawnGroup({
  command: [program, ...args],
  env,
  cwd,
  uid,
}: ProcessOptions): ChildProcessByStdio<null, Readable, Readable> {
  // A group of its own: Ctrl-C in the terminal reaches the tests first, and one kill reaches the children.
  return spawn(program, args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

function pidOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => child.pid !== undefined && resolve(child.pid));
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in the group.
  }
}

function collectLines(child: ChildProcessByStdio<null, Readable, Readable>) {
  const lines: string[] = [];
  const waiting = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const tell of waiting) tell(line);
    });
  }
  const next = (pattern: RegExp, ended: Promise<ProcessEnd>) =>
    new Promise<string>((resolve, reject) => {
      const tell = (line: string) => {
        if (!pattern.test(line)) return;
        waiting.delete(tell);
        resolve(line);
      };
      waiting.add(tell);
      void ended.then(() => {
        waiting.delete(tell);
        reject(new Error(`the process ended without a line ${pattern}:\n${lines.slice(-30).join("\n")}`));
      });
    });
  return {
    lines,
    async line(pattern: RegExp, ended: Promise<ProcessEnd>) {
      return lines.find((line) => pattern.test(line)) ?? next(pattern, ended);
    },
  };
}
