// Runs the pinned pnpm: the one on PATH only if it is exactly that version, else fetched by npx.
// `node scripts/pnpm.mjs ARGS...` from a shell, `runPnpm([...])` from the other scripts.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const pinned = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager.split("@")[1];

/** Finds the command that runs exactly the pinned pnpm. */
function pnpmCommand() {
  const onPath = spawnSync("pnpm", ["--version"], { cwd: "/", encoding: "utf8" });
  return onPath.stdout?.trim() === pinned ? ["pnpm"] : ["npx", "--yes", `pnpm@${pinned}`];
}

/** Runs pnpm with `args` at the root and ends this process if it fails. `quiet`: what it prints is shown only then. */
export function runPnpm(args, { quiet = false } = {}) {
  const [command, ...first] = pnpmCommand();
  const { status, error, stdout, stderr } = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: quiet ? "pipe" : "inherit",
    encoding: "utf8",
  });
  if (quiet && status !== 0) process.stderr.write(`${stdout ?? ""}${stderr ?? ""}`);
  if (error) console.error(`cannot run ${command}: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) runPnpm(process.argv.slice(2));
