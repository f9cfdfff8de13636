// npm run audit: what is known about the dependencies' vulnerabilities today. Never a gate: what is known changes by the day, not by a commit.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./pnpm.mjs";

const { stdout = "" } = spawnSync(process.execPath, [join(root, "scripts/pnpm.mjs"), "audit", "--json"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 64 * 2 ** 20,
});
const report = parse(stdout);

if (!report || report.error) {
  console.log(
    `Nothing is known: the registry was not reached, or answers no audits.\n${report?.error?.message ?? stdout}`,
  );
} else {
  const advisories = Object.values(report.advisories ?? {});
  for (const { severity, module_name: name, title, vulnerable_versions: versions, url, findings = [] } of advisories) {
    const paths = findings.flatMap((finding) => finding.paths ?? []);
    console.log(`${severity}: ${name} ${versions}: ${title}\n  ${url}\n  by way of ${paths.slice(0, 3).join(", ")}`);
  }
  const { dependencies = 0, totalDependencies = dependencies } = report.metadata ?? {};
  console.log(`${advisories.length} known vulnerabilities in ${totalDependencies} packages`);
}

/** The report within what pnpm printed, if there is one. */
function parse(text) {
  try {
    return JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  } catch {
    return undefined;
  }
}
