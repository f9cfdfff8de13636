import { execFile } from "node:child_process";

/** How a program ended that ran to its end. */
export interface CommandResult {
  readonly code: number | string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, without the developer's own Trine settings; whatever its exit code, it is an answer. */
export function runCommand(
  command: readonly [string, ...string[]],
  options: { env?: Readonly<Record<string, string>>; withinMs?: number } = {},
): Promise<CommandResult> {
  const [program, ...args] = command;
  const { env = {}, withinMs = 20_000 } = options;
  return new Promise((done) => {
    execFile(program, args, { env: { ...process.env, ...env }, timeout: withinMs }, (error, stdout, stderr) =>
      done({ code: error ? (error.code ?? null) : 0, stdout, stderr }),
    );
  });
}
