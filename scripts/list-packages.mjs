// The third-party packages of this workspace, as pnpm has installed them.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./pnpm.mjs";

/**
 * Lists the packages, each version once, by name.
 *
 * @param shippedOnly leaves out what only building, measuring and testing need.
 * @returns {{ name: string, version: string, license: string, homepage?: string, description?: string }[]}
 */
export function listPackages({ shippedOnly }) {
  const programs = ["--filter-prod", "{./apps/*}...", "licenses", "list", "--json", "--prod"];
  const byLicence = runPnpmJson(shippedOnly ? programs : ["licenses", "list", "--json"]);
  return Object.values(byLicence)
    .flat()
    .flatMap(({ name, versions, license, homepage, description }) =>
      versions.map((version) => ({ name, version, license, homepage, description })),
    )
    .sort((one, other) => `${one.name}@${one.version}`.localeCompare(`${other.name}@${other.version}`));
}

/** The hashes of the lockfile, by `name@version`: what an install compares the bytes of each package with. */
export function readIntegrity() {
  const lockfile = readFileSync(join(root, "pnpm-lock.yaml"), "utf8");
  const entries = lockfile.matchAll(
    /^ {2}'?((?:@[^@\n/]+\/)?[^@\n']+@[^\n':]+)'?:\n {4}resolution: \{integrity: ([\w+/=-]+)/gm,
  );
  return new Map([...entries].map(([, key, integrity]) => [key, integrity]));
}

function runPnpmJson(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "scripts/pnpm.mjs"), ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  if (status !== 0) throw new Error(`pnpm ${args.join(" ")} failed: ${stderr}${stdout}`);
  return JSON.parse(stdout);
}
