import ts from "typescript";
import { describe, expect, it } from "vitest";
import { repositoryFiles } from "./repository-files.ts";

// The analyser is a program of the JVM as well, and one for some platforms; this is the one that runs everywhere. It is read at its import.
process.env["RECHECK_BACKEND"] = "pure";
const { checkSync } = await import("recheck");

const OWN = /^(apps|packages)\/(?!testkit\/)[\w-]+\/src\/.*(?<!\.test)\.ts$/;
const WITHIN_MS = 10_000;
/** Files that make patterns of texts, and of which ones. */
const MADE_OF: Readonly<Record<string, string>> = { "apps/admin/src/unknown-route.ts": "the paths of our own routes" };

/** How the time to match grows with the text, at worst. */
function growthOf(literal: string): string {
  const end = literal.lastIndexOf("/");
  const found = checkSync(literal.slice(1, end), literal.slice(end + 1), { timeout: WITHIN_MS });
  return found.status === "unknown" ? found.status : found.complexity.type;
}

/** Every pattern of the sources with the file that it stands in, and every place that makes one of a text. */
function patterns(): { readonly literals: ReadonlyMap<string, string>; readonly made: readonly string[] } {
  const literals = new Map<string, string>();
  const made: string[] = [];
  for (const { path, text } of repositoryFiles(OWN)) {
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) literals.set(node.text, path);
      if (ts.isIdentifier(node) && node.text === "RegExp" && !(path in MADE_OF)) made.push(path);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  }
  return { literals, made };
}

const { literals, made } = patterns();

describe("patterns that meet texts of strangers", () => {
  it.each([...literals])("%s (%s) takes time in proportion to the text", { timeout: 2 * WITHIN_MS }, (literal) => {
    expect(["safe", "linear"]).toContain(growthOf(literal));
  });

  it("are none that are made of a text of theirs, which nobody could look at before", () => {
    expect(made).toEqual([]);
  });
});

describe("the analyser", () => {
  it.each([
    ["/^(a+)+$/", "exponential"],
    ["/(\\w|\\d)*x/", "exponential"],
    ["/\\0+$/", "polynomial"],
    ["/^\\d{1,3}(?:\\.\\d{1,3}){3}$/", "safe"],
  ])("says of %s: %s", (literal, growth) => {
    expect(growthOf(literal)).toBe(growth);
  });

  it("is shown every pattern of the sources", () => {
    expect(literals.size).toBeGreaterThan(40);
  });
});
