import { describe, expect, it } from "vitest";
import { type RepositoryFile, repositoryFiles, withoutComments } from "./repository-files.ts";

const SOURCE = /\.(?:ts|tsx|js|mjs|cjs|sh|py)$/;
const MOST_LINES = 300;

/** Packages without a test of their own, and the test that runs them. */
const TESTED_ELSEWHERE: Readonly<Record<string, { because: string; by: RegExp }>> = {
  "apps/gateway": { because: "puts the other apps together", by: /^tests\/end-to-end\/procedure\.test\.ts$/ },
  "apps/cli": { because: "a thin client of the REST API", by: /^tests\/end-to-end\/.*\.test\.ts$/ },
};

/** Packages that ship nothing. */
const NOT_SHIPPED = new Set(["bench", "tests"]);

describe("a source file", () => {
  it(`has ${MOST_LINES} lines at most`, () => {
    const long = repositoryFiles(SOURCE).filter(({ text }) => text.trimEnd().split("\n").length > MOST_LINES);
    expect(paths(long)).toEqual([]);
  });

  it("names no folder of one machine and no host of a package registry", () => {
    // Spelled so that this file does not find itself.
    const here = /\.\.\/shared\b|\/(?:work|root|home|Users)\/[\w.]/;
    const registry = /\bregistry\.(?:npmjs|yarnpkg|npm)\b|\b(?:npmmirro[r]|artifactor[y]|verdacci[o]|jfro[g])\b/i;
    const text = repositoryFiles(/^(?!.*\.(?:png|ico|gz|woff2)$)/);
    expect(paths(text.filter((file) => here.test(file.text) || registry.test(file.text)))).toEqual([]);
  });
});

describe("core and stores", () => {
  it("know no protocol by name, in identifiers and strings alike", () => {
    const pure = repositoryFiles(
      /^packages\/(?:core|memory|postgres|redis)\/(?:src|migrations)\/.*(?<!\.test)\.(?:ts|sql)$/,
    );
    expect(pure.length).toBeGreaterThan(100);
    expect(paths(pure.filter(({ text }) => namesProtocol(withoutComments(text))))).toEqual([]);
  });

  it.each(["const isMqtt = true;", 'transport === "coap"', "httpStatus", "LWM2M"])("%j would be found", (source) => {
    expect(namesProtocol(source)).toBe(true);
  });
});

describe("tests", () => {
  it("are all run: none is skipped, singled out or left to do", () => {
    const unrun =
      /\b(?:it|test|describe|suite)(?:\.\w+)*\.(?:skip|only|todo|skipIf|runIf|fails)\b|\bx(?:it|describe)\(|\b(?:context|ctx|task)\.skip\(/;
    expect(paths(repositoryFiles(/\.ts$/).filter(({ text }) => unrun.test(text)))).toEqual([]);
  });

  it("are there for every package", () => {
    const tests = repositoryFiles(/\.test\.ts$/).map(({ path }) => path);
    const packages = repositoryFiles(/^(?:(?:packages|apps)\/[^/]+|bench|tests)\/package\.json$/).map(({ path }) =>
      path.replace("/package.json", ""),
    );
    const untested = packages.filter(
      (folder) =>
        !NOT_SHIPPED.has(folder) &&
        !tests.some((path) => path.startsWith(`${folder}/`)) &&
        !tests.some((path) => TESTED_ELSEWHERE[folder]?.by.test(path)),
    );
    expect(packages.length).toBeGreaterThan(10);
    expect(untested).toEqual([]);
  });
});

function namesProtocol(code: string): boolean {
  return /mqtt|coap|lwm2m|https?(?!:\/\/)/i.test(code);
}

function paths(files: readonly RepositoryFile[]): string[] {
  return files.map(({ path }) => path);
}
