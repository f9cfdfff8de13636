import { spawn } from "node:child_process";
import { Socket } from "node:net";

/**
 * Has a shell script run when this process ends, in whatever way: also when a test run is interrupted or killed.
 *
 * A detached shell waits for the end of a pipe that only this process holds open.
 *
 * @param script uses `args` as `$1`, `$2` and so on.
 * @returns takes the order back; the script then never runs.
 */
export function whenThisProcessEnds(script: string, ...args: readonly string[]): () => void {
  const guard = spawn("/bin/sh", ["-c", `cat >/dev/null; ${script}`, "guard", ...args], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  // A guard that was called off may be gone already.
  guard.stdin.on("error", () => undefined);
  return () => guard.kill("SIGKILL");
}
