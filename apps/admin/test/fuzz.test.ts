import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ask, openAdmin, type TestAdmin } from "./an-admin.ts";

const RUNS = 60;

interface Operation {
  readonly requestBody?: { content: Readonly<Record<string, { schema: JsonSchema }>> };
  readonly parameters?: readonly { name: string; in: string }[];
}

/** The part of JSON schema that matters here: the names of fields. */
interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly anyOf?: readonly JsonSchema[];
}

const NASTY = [
  "\0",
  "\ud800",
  "%00",
  "",
  " ",
  "../..",
  "'; drop table devices; --",
  "x".repeat(300),
  "￿",
  "__proto__",
  "constructor",
  "tag.__proto__",
  "9".repeat(40),
  "-1",
  "NaN",
  "text/csv",
  "true",
];

const text = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
);
const value = fc.oneof(
  text,
  fc.constantFrom(0, -1, 1e308, 2 ** 53, 0.1, 100_001, null, true, [], {}, "device", "earliest", "base64"),
  fc.jsonValue({ maxDepth: 3 }),
);

describe("whatever a request holds", () => {
  let admin: TestAdmin;
  /** What is there, made anew for each route: some delete it. */
  let known: { productKey: string; deviceName: string; batchId: string };
  const operations: { method: string; path: string; operation: Operation }[] = [];
  beforeAll(async () => {
    admin = await openAdmin();
    const { paths } = (await admin.ask("GET /openapi.json")).body as {
      paths: Record<string, Record<string, Operation>>;
    };
    for (const [path, item] of Object.entries(paths))
      for (const [method, operation] of Object.entries(item)) operations.push({ method, path, operation });
  });
  afterAll(() => admin[Symbol.asyncDispose]());

  it("no route answers with a fault, and every refusal is problem details", async () => {
    // The stream answers without an end.
    const asked = operations.filter(({ path }) => path !== "/v1/uplink/stream");
    expect(asked.length).toBeGreaterThan(30);
    const succeeded = new Set<Operation>();
    for (const { method, path, operation } of asked) {
      known = await makeKnown();
      const request = fc.record({ url: urlOf(path, operation), given: fc.option(bodyOf(operation), { nil: {} }) });
      await fc.assert(
        fc.asyncProperty(request, async ({ url, given }) => {
          const answer = await admin.ask(`${method.toUpperCase()} ${url}`, given);
          // Not in this version is what a route says for good, not a fault.
          if (answer.status !== 501) expect(answer.status, answer.text).toBeLessThan(500);
          if (answer.status < 300) succeeded.add(operation);
          if (answer.status < 400) return;
          expect(answer.type).toBe("application/problem+json");
          expect(answer.body).toMatchObject({
            status: answer.status,
            code: expect.any(String),
            title: expect.any(String),
          });
        }),
        { numRuns: RUNS },
      );
    }
    expect(admin.gateway.recorder.faults).toEqual([]);
    // What refuses everything would pass as well.
    expect(succeeded.size).toBeGreaterThan(asked.length / 2);
  }, 60_000);

  async function makeKnown() {
    const { productKey, deviceName } = await admin.gateway.addDevice();
    const made = await admin.ask(`POST /v1/products/${productKey}/batches`, { body: { count: 2 } });
    await admin.workOff();
    return { productKey, deviceName, batchId: String(made.body["batchId"]) };
  }

  function urlOf(path: string, { parameters = [] }: Operation): fc.Arbitrary<string> {
    const names = parameters.filter((each) => each.in === "query").map(({ name }) => name);
    const filled = path
      .split("/")
      .map((part) => (part.startsWith("{") ? segment(part.slice(1, -1)) : fc.constant(part)));
    const query = fc.array(fc.tuple(fc.oneof(fc.constantFrom("limit", "cursor", ...names), text), text), {
      maxLength: 4,
    });
    return fc.tuple(fc.tuple(...filled), query).map(([parts, pairs]) => {
      const search = pairs.map(([name, each]) => `${spell(name)}=${spell(each)}`).join("&");
      return `${parts.join("/")}?${search}`;
    });
  }

  /** Mostly a name that is there, so that the request gets past it. */
  function segment(name: string): fc.Arbitrary<string> {
    const there = (known as Readonly<Record<string, string>>)[name] ?? "1";
    return fc.oneof({ weight: 3, arbitrary: fc.constant(there) }, { weight: 1, arbitrary: text.map(spell) });
  }

  function bodyOf({ requestBody }: Operation): fc.Arbitrary<Ask> {
    const schemas = Object.values(requestBody?.content ?? {}).map(({ schema }) => schema);
    const fields = schemas.flatMap(fieldsOf);
    const named = fc.record(Object.fromEntries(fields.map((field) => [field, value])), { requiredKeys: [] });
    return fc.oneof(
      { weight: 4, arbitrary: named.map((body): Ask => ({ body })) },
      fc.jsonValue().map((body): Ask => ({ body })),
      fc
        .tuple(text, fc.constantFrom("application/json", "text/csv", "text/plain", ""))
        .map(([raw, type]): Ask => ({ raw, headers: { "content-type": type } })),
      fc.string({ maxLength: 200 }).map((key): Ask => ({ body: {}, headers: { "idempotency-key": key } })),
    );
  }
});

function fieldsOf({ properties = {}, anyOf = [] }: JsonSchema): string[] {
  return [...Object.keys(properties), ...anyOf.flatMap(fieldsOf)];
}

/** As `encodeURIComponent`, which knows no half pairs. */
function spell(given: string): string {
  return encodeURIComponent(given.replaceAll(/\p{Surrogate}/gu, "?"));
}
