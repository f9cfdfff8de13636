import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "../src/repository.ts";
import { runCommand } from "../src/run-command.ts";
import { repositoryFiles } from "./repository-files.ts";

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
}

interface Bom {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly components: readonly {
    group?: string;
    name: string;
    version: string;
    purl: string;
    hashes: object[];
    licenses: object[];
  }[];
}

describe("the dependencies", () => {
  it("are all under a licence that was agreed to", async () => {
    const { code, stderr } = await runScript("licences.mjs");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it("of the programs are all in the bill of materials, each with its licence and its hash", async () => {
    const { stdout } = await runScript("sbom.mjs");
    const bom = JSON.parse(stdout) as Bom;
    expect(bom).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
    const listed = new Set(
      bom.components.map(({ group, name, version }) => `${group ? `${group}/` : ""}${name}@${version}`),
    );
    const wanted = repositoryFiles(/^apps\/[^/]+\/package\.json$/).flatMap(({ text }) =>
      Object.entries((JSON.parse(text) as Manifest).dependencies ?? {}),
    );
    const missing = wanted
      .filter(([name]) => !name.startsWith("@trine/"))
      .map(([name, version]) => `${name}@${version}`)
      .filter((each) => !listed.has(each));
    expect(wanted.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
    expect(bom.components.filter(({ hashes, licenses }) => !hashes?.length || !licenses?.length)).toEqual([]);
  });
});

function runScript(name: string) {
  return runCommand([process.execPath, join(ROOT, "scripts", name)], { withinMs: 60_000 });
}
