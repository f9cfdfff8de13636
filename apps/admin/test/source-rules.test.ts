import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openAdmin, type TestAdmin } from "./an-admin.ts";

const ROOT = join(import.meta.dirname, "../../..");
const sourcesOf = (folder: string) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => ({ path: join(folder, file), text: readFileSync(join(ROOT, folder, file), "utf8") }));

const found = (sources: ReturnType<typeof sourcesOf>, pattern: RegExp) =>
  sources.flatMap(({ path, text }) =>
    text
      .split("\n")
      .filter((line) => pattern.test(line))
      .map((line) => `${path}: ${line.trim()}`),
  );

describe("the REST API", () => {
  it("opens no connection by itself, so nobody can have it ask an address of theirs", () => {
    const asks =
      /\bfetch\(|\bundici\b|\bhttps?\.(?:get|request)\(|\b(?:net|tls)\.connect\(|\bcreateConnection\(|\baxios\b|\bgot\(/;
    const imports =
      /import .*\b(?:request|get|connect|createConnection|Agent)\b.* from "node:(?:https?|net|tls|http2)"/;
    const sources = sourcesOf("apps/admin/src");
    expect(sources.length).toBeGreaterThan(40);
    expect([...found(sources, asks), ...found(sources, imports)]).toEqual([]);
  });

  it("runs no program and evaluates no text", () => {
    expect(found(sourcesOf("apps/admin/src"), /node:child_process|node:vm\b|\beval\(|new Function\(/)).toEqual([]);
  });

  it("compares what is secret by macMatches only: digests, in constant time", () => {
    const sources = [...sourcesOf("apps/admin/src/access"), ...sourcesOf("packages/core/src/access")];
    expect(
      found(sources, /(?:digest|hash|tag|token|secret|mac)\w*(?:\.\w+\(\))? ?[!=]==?(?!=| ?(?:undefined|null)\b)/i),
    ).toEqual([]);
    expect(found(sources, /(?:[!=]==?) ?\w*(?:digest|hash|tag|token|secret|mac)\b/i)).toEqual([]);
    expect(found(sources, /\.equals\(|timingSafeEqual|localeCompare/)).toEqual([]);
    expect(found(sources, /macMatches\(/).length).toBeGreaterThanOrEqual(4);
  });
});

describe("what a request may hold", () => {
  let admin: TestAdmin;
  beforeAll(async () => {
    admin = await openAdmin();
  });
  afterAll(() => admin[Symbol.asyncDispose]());

  it("is no address to fetch: no field of any body or query is one", async () => {
    const { paths } = (await admin.ask("GET /openapi.json")).body as { paths: object };
    const requests = JSON.stringify(paths, (name, value) => (name === "responses" ? undefined : value));
    expect(requests).not.toMatch(/"format":"(?:uri|url|hostname|uri-reference)"/);
    expect(requests).not.toMatch(/"(?:url|uri|href|callback|webhook|endpoint|host)":\{/i);
  });
});
