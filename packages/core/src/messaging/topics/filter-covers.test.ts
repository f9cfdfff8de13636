import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filterCovers, filtersOverlap } from "./filter-covers.ts";

const level = fc.constantFrom("a", "b", "c");
const topic = fc.array(level, { minLength: 1, maxLength: 5 }).map((levels) => `/${levels.join("/")}`);
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant("+")), { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([levels, tail]) => `/${levels.join("/")}${tail ? "/#" : ""}`);

describe("filterCovers", () => {
  it.each([
    ["/a/b", "/a/b", true],
    ["/a/b", "/a/b/c", false],
    ["/a/b", "/a", false],
    ["/a/+", "/a/b", true],
    ["/a/+", "/a", false],
    ["/a/+", "/a/b/c", false],
    ["/a/+/c", "/a/b/c", true],
    ["/a/#", "/a/b", true],
    ["/a/#", "/a/b/c", true],
    ["/a/#", "/a", true],
    ["/a/#", "/ab", false],
    ["/A", "/a", false],
    ["/a/#/c", "/a/b/c", false],
    ["/a+", "/ab", false],
  ])("%s on %s: %s", (given, of, covers) => {
    expect(filterCovers(given, of)).toBe(covers);
  });

  it("agrees with the same rule written as a regular expression", () => {
    fc.assert(fc.property(filter, topic, (given, of) => filterCovers(given, of) === asPattern(given).test(of)));
  });

  it("covers a topic that was made from the filter", () => {
    fc.assert(
      fc.property(filter, fc.array(level, { maxLength: 3 }), (given, tail) => {
        const made = given.replaceAll("+", "b").replace(/\/#$/, tail.map((each) => `/${each}`).join(""));
        return filterCovers(given, made);
      }),
    );
  });
});

describe("filtersOverlap", () => {
  const overlap = (one: string, other: string) => filtersOverlap(one.split("/"), other.split("/"));

  it("holds whenever one topic is covered by both", () => {
    fc.assert(
      fc.property(filter, filter, topic, (one, other, of) => {
        return !(filterCovers(one, of) && filterCovers(other, of)) || overlap(one, other);
      }),
    );
  });

  it("holds only if there is such a topic", () => {
    const topics = fc.sample(topic, { numRuns: 5_000, seed: 1 });
    const all = new Set([...topics, ...topics.map((of) => `${of}/a`)]);
    fc.assert(
      fc.property(filter, filter, (one, other) => {
        const some = [...all].some((of) => filterCovers(one, of) && filterCovers(other, of));
        return overlap(one, other) === some;
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it("does not depend on the order", () => {
    fc.assert(fc.property(filter, filter, (one, other) => overlap(one, other) === overlap(other, one)));
  });
});

function asPattern(filter: string): RegExp {
  const body = filter.replace(/\/#$/, "(?:/.*)?").replaceAll("/+", "/[^/]+");
  return new RegExp(`^${body}$`);
}
