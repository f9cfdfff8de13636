// node scripts/run.mjs PACKAGE|all ENTRY [ARGS...]: builds a workspace package with what it needs (or everything), then runs ENTRY
// at the root. What is built already is found in the cache within a second. A .ts entry runs through tsx.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root, runPnpm } from "./pnpm.mjs";

const [name, entry, ...args] = process.argv.slice(2);
if (!existsSync(join(root, "node_modules/.modules.yaml")))
  runPnpm(["install", "--frozen-lockfile", "--prefer-offline", "--silent"]);
const filter = name === "all" ? [] : [`--filter=${name}...`];
runPnpm(["exec", "turbo", "run", "build", "--output-logs=errors-only", ...filter], { quiet: true });
const loader = entry.endsWith(".ts") ? ["--conditions=trine-source", "--import", "tsx"] : [];
const { status } = spawnSync(process.execPath, [...loader, join(root, entry), ...args], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
