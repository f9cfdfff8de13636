import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { frontSettings } from "../../apps/front/src/settings.ts";
import { gatewaySettings } from "../../apps/gateway/src/settings.ts";
import { EVERYWHERE, settingsReference } from "../../apps/gateway/src/settings-reference.ts";
import { ROOT } from "../src/repository.ts";
import { headingAnchors, linksOf } from "./markdown.ts";
import { readRepositoryFile, repositoryFiles } from "./repository-files.ts";
import { citedSections, wireFormatSections } from "./wire-format-sections.ts";

const documents = repositoryFiles(/\.md$/);

describe("the wire format", () => {
  it("has every section that a comment or a document cites", () => {
    const sections = wireFormatSections(readRepositoryFile("docs/wire-format.md"));
    const cited = repositoryFiles(/\.(?:ts|mjs|md|sh|yml)$/).flatMap(({ path, text }) =>
      citedSections(text).map((section) => ({ path, section })),
    );
    expect(cited.length).toBeGreaterThan(150);
    expect(cited.filter(({ section }) => !sections.has(section))).toEqual([]);
  });

  it("is found in a citation of several sections, and in one that breaks at the end of a line", () => {
    expect(citedSections("(wire-format 6.2, 6.3 and 7) wire-format 5.3 to 5.6")).toEqual([
      "6.2",
      "6.3",
      "7",
      "5.3",
      "5.6",
    ]);
    expect(citedSections("/**\n * So says wire-format\n * 0.16.\n */")).toEqual(["0.16"]);
  });
});

describe("a document", () => {
  it("links to nothing inside the repository that is not there", () => {
    const broken = documents.flatMap(({ path, text }) =>
      linksOf(text)
        .filter((link) => !/^[a-z]+:/.test(link))
        .filter((link) => !resolves(path, link))
        .map((link) => `${path}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  it("names no setting that does not exist", () => {
    const known = new Set(Object.keys({ ...EVERYWHERE, ...gatewaySettings.shape, ...frontSettings.shape }));
    const unknown = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\bTRINE_[A-Z][A-Z_]*[A-Z]\b/g)]
        .map(([name]) => name)
        .filter((name) => !known.has(name) && !known.has(name.replace(/_FILE$/, "")))
        .map((name) => `${path}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });
});

describe("docs/configuration.md", () => {
  it("is what the schemas say (npm run docs:settings writes it)", () => {
    expect(readRepositoryFile("docs/configuration.md")).toBe(settingsReference());
  });
});

describe("a newcomer", () => {
  it("gets from the README to the path of a login", () => {
    expect(linksOf(readRepositoryFile("README.md"))).toContain("docs/request-path.md");
  });

  it("finds every function that the path of a login names in the file that it names", () => {
    const steps = namedExports(readRepositoryFile("docs/request-path.md"));
    expect(steps.length).toBeGreaterThan(20);
    expect(steps.filter(({ file, name }) => !exportsName(readRepositoryFile(file), name))).toEqual([]);
  });

  it("finds every step of the login on that path", () => {
    const named = new Set(namedExports(readRepositoryFile("docs/request-path.md")).map(({ file }) => file));
    const steps = readdirSync(join(ROOT, "packages/core/src/auth/steps"))
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => `packages/core/src/auth/steps/${file}`);
    expect(steps.filter((file) => !named.has(file))).toEqual([]);
  });
});

function resolves(from: string, link: string): boolean {
  const [target = "", anchor] = link.split("#");
  const path = target === "" ? from : join(dirname(from), decodeURIComponent(target));
  if (!existsSync(join(ROOT, path))) return false;
  if (anchor === undefined || statSync(join(ROOT, path)).isDirectory()) return true;
  return headingAnchors(readRepositoryFile(path)).has(anchor);
}

/** Names in code style right behind a link to a source, or right before one: `[file](../file.ts) \`a\`, \`b\`` and `\`a\` in [file](../file.ts)`. */
function namedExports(document: string): { file: string; name: string }[] {
  const behind = /\]\(\.\.\/([^)]+\.ts)\)((?:,? `\w+`)+)/g;
  const before = /`(\w+)`\s(?:in\s)?\(?\[[^\]]+\]\(\.\.\/([^)]+\.ts)\)/g;
  return [
    ...[...document.matchAll(behind)].flatMap(([, file = "", names = ""]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => ({ file, name })),
    ),
    ...[...document.matchAll(before)].map(([, name = "", file = ""]) => ({ file, name })),
  ];
}

function exportsName(source: string, name: string): boolean {
  return new RegExp(`^export (?:async )?(?:function|const|class|interface|type) ${name}\\b`, "m").test(source);
}
