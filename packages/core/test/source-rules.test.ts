import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const sources = ["packages", "apps", "bench", "scripts", "tests"].flatMap((folder) => sourcesUnder(join(ROOT, folder)));
const core = sources.filter(({ file }) => file.startsWith("packages/core/src/"));

describe("MACs", () => {
  it("are compared in one place of the whole repository, in constant time", () => {
    expect(filesWith(sources, /\btimingSafeEqual\b/)).toEqual(["packages/core/src/certificate/mac.ts"]);
  });

  it("and secrets are compared by content nowhere else", () => {
    const compared = sources.flatMap(({ file, text }) =>
      text
        .split("\n")
        .filter(comparesSecrets)
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(compared).toEqual([]);
  });

  it.each([
    "if (mac === expected) return;",
    "return expectedMac.equals(presented);",
    "token.reveal() !== given",
    "deviceSecret.compare(other) > 0",
  ])("whose comparison %j would be found", (line) => {
    expect(comparesSecrets(line)).toBe(true);
  });

  it.each([
    'if (token === "") return;',
    "mac.length === 32",
    "typeof password === 'string'",
    "secretVersion !== record.secretVersion",
    "packet.token.equals(request.packet.token)",
  ])("and %j, which tells nothing, is let through", (line) => {
    expect(comparesSecrets(line)).toBe(false);
  });

  it("are verified by one step, the only maker of a ProvenAttempt, and where devices register", () => {
    const callers = core.filter(({ file }) => file.startsWith("packages/core/src/auth/"));
    expect(filesWith(callers, /\bmacMatches\(/)).toEqual([
      "packages/core/src/auth/registration/verify-signature.ts",
      "packages/core/src/auth/steps/verify-mac.ts",
    ]);
    expect(filesWith(core, /as ProvenAttempt\b|: ProvenAttempt = /)).toEqual([]);
  });
});

describe("the core", () => {
  it("reads no clock, no environment, no chance and no timer of its own", () => {
    const outside =
      /\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bprocess\.|\bMath\.random\b|\brandom(?:Bytes|Int|UUID)\b|\bset(?:Timeout|Interval|Immediate)\b/;
    expect(filesWith(core, outside)).toEqual([]);
  });

  it("knows no protocol by name", () => {
    expect(filesWith(core, /mqtt|coap|https?(?![a-z])/i)).toEqual([]);
  });
});

/** Whether a line compares a secret with an early exit. Whether one is there, and how long it is, are no secrets. */
function comparesSecrets(line: string): boolean {
  const early =
    /\b\w*(?:mac|secret|token|password|digest|signature)(?:\.reveal\(\))?\s*(?:===|!==|\.equals\(|\.compare\()/i;
  // A packet's token tells requests apart (RFC 7252 5.3.1), and travels in clear.
  const harmless = /(?:===|!==)\s*(?:undefined|null|""|0\b|false|true)|\.length\s*[!=]==|typeof\b|\bpacket\.token\b/;
  return early.test(line) && !harmless.test(line);
}

function filesWith(among: readonly { file: string; text: string }[], pattern: RegExp): string[] {
  return among.filter(({ text }) => pattern.test(withoutComments(text))).map(({ file }) => file);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** Every source that ships or measures, tests left out. */
function sourcesUnder(folder: string): { file: string; text: string }[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ["node_modules", "dist", "test"].includes(entry.name) ? [] : sourcesUnder(path);
    if (!/\.(?:ts|tsx|mjs|js)$/.test(entry.name) || /\.test\.tsx?$/.test(entry.name)) return [];
    return [{ file: relative(ROOT, path).split(sep).join("/"), text: readFileSync(path, "utf8") }];
  });
}
