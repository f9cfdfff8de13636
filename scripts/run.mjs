// node scripts/run.mjs FOLDER SCRIPT [ARGS...]: runs a script of a workspace package, building what it needs first.
// What is built already is found in the cache within a second.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, runPnpm } from "./pnpm.mjs";

const [folder, script, ...args] = process.argv.slice(2);
if (!existsSync(join(root, "node_modules/.modules.yaml"))) runPnpm(["install", "--frozen-lockfile", "--prefer-offline", "--silent"]);
runPnpm(["exec", "turbo", "run", "build", "--output-logs=errors-only", "--log-order=grouped", `--filter=./${folder}...`], {
  TURBO_NO_UPDATE_NOTIFIER: "1",
});
const { status } = spawnSync(process.execPath, [join(root, "scripts/pnpm.mjs"), "--silent", "--dir", folder, "run", script, ...args], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
