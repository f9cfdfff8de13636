import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rawMember } from "./raw-member.ts";

describe("rawMember", () => {
  it.each([
    ['{"id":"1"}', '"1"'],
    ['{"id":1}', "1"],
    ['{"id":1.50e3}', "1.50e3"],
    ['{"id":12345678901234567890}', "12345678901234567890"],
    ['{"id":-0}', "-0"],
    ['{"id":true,"a":1}', "true"],
    ['{"id":null}', "null"],
    ['{"id":""}', '""'],
    ['{"id":"\\u0031\\"}"}', '"\\u0031\\"}"'],
    ['{"id":"a\\\\"}', '"a\\\\"'],
    ['{"id": "1|exp-topic|/sys/a/b/c_reply" }', '"1|exp-topic|/sys/a/b/c_reply"'],
    ['\n{ "a" : { "id" : 2 } ,\t"id"\r\n:\n3 }', "3"],
    ['{"a":"\\"id\\":9","id":4}', "4"],
    ['{"a":["}","{",["id"]],"id":[1, {"b":"]"}]}', '[1, {"b":"]"}]'],
    ['{"\\u0069d":5}', "5"],
    ['{"id":1,"id":2}', "2"],
    ['{"Id":1}', undefined],
    ['{"a":{"id":1}}', undefined],
    ["{}", undefined],
    [" { } ", undefined],
  ])("of %j is %j", (json, raw) => {
    JSON.parse(json);
    expect(rawMember(json, "id")).toBe(raw);
  });

  it("is the very text of the last member of that name, in any JSON object", () => {
    fc.assert(
      fc.property(fc.array(member, { maxLength: 6 }), blank, (members, end) => {
        const json = `${end}{${members.map(({ source }) => source).join(",")}${end}}${end}`;
        JSON.parse(json);
        expect(rawMember(json, "id")).toBe(members.findLast(({ name }) => name === "id")?.value);
      }),
    );
  });

  it("says what JSON.parse says", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), fc.jsonValue(), (rest, name, value) => {
        const object = { ...rest, [name]: value };
        for (const json of [JSON.stringify(object), JSON.stringify(object, null, "\t")]) {
          const parsed: unknown = JSON.parse(json);
          const raw = rawMember(json, name);
          // JSON.parse makes `__proto__` an own member as well.
          expect(raw === undefined ? undefined : JSON.parse(raw)).toEqual(
            Object.getOwnPropertyDescriptor(parsed, name)?.value,
          );
        }
      }),
    );
  });
});

const blank = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** Values in every spelling: with blanks, escapes and digits that no serializer writes. */
const value = fc.oneof(
  fc.tuple(fc.jsonValue(), fc.constantFrom("", "  ", "\t")).map(([of, indent]) => JSON.stringify(of, null, indent)),
  fc.string().map((text) => escapeAll(text)),
  fc.constantFrom("-0.0", "1E+2", "12345678901234567890", '"\\\\"', '"\\""', '"}{]["', "[ ]", "{ }"),
);

/** A member, its name sometimes written in escapes. */
const member = fc
  .record({
    name: fc.oneof(fc.constant("id"), fc.string()),
    isEscaped: fc.boolean(),
    value,
    blanks: fc.tuple(blank, blank, blank, blank),
  })
  .map(({ name, isEscaped, value: raw, blanks: [a, b, c, d] }) => ({
    name,
    value: raw,
    source: `${a}${isEscaped ? escapeAll(name) : JSON.stringify(name)}${b}:${c}${raw}${d}`,
  }));

function escapeAll(text: string): string {
  const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, "0"));
  return `"${units.map((unit) => `\\u${unit}`).join("")}"`;
}
