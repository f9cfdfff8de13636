import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changeShadow, type SectionChange, type ShadowChange } from "./change-shadow.ts";
import { type Attributes, fitsShadow, isAttributes, type Json, SHADOW_LIMITS, type Shadow } from "./shadow.ts";

const NOW = 1_469_564_492;
const patched = (by: Attributes): SectionChange => ({ is: "patched", by });
const report = (by: Attributes, version?: number): ShadowChange => ({
  reported: patched(by),
  ...(version === undefined ? {} : { version }),
});

/** Changes one after the other, a second apart; each has to be done. */
function after(...changes: readonly ShadowChange[]): Shadow {
  let shadow: Shadow | undefined;
  for (const [at, change] of changes.entries()) {
    const changed = changeShadow(shadow, change, NOW + at);
    if (typeof changed === "string") throw new Error(changed);
    shadow = changed;
  }
  if (!shadow) throw new Error("nothing was changed");
  return shadow;
}

describe("a shadow", () => {
  it("keeps what a change does not name, and the time of it", () => {
    const { reported } = after(report({ color: "red", on: true }), report({ color: "green" }));
    expect(reported).toEqual({ state: { color: "green", on: true }, since: { color: NOW + 1, on: NOW } });
  });

  it.each([null, "null"])("loses an attribute that becomes %j, and its time", (nothing) => {
    const { reported } = after(report({ color: "red", on: true }), report({ color: nothing }));
    expect(reported).toEqual({ state: { on: true }, since: { on: NOW } });
  });

  it("is changed within objects, and has lists replaced whole", () => {
    const first = report({ at: { x: 1, y: { z: 2 } }, colors: ["red", "green"] });
    const { reported } = after(first, report({ at: { y: { z: null, u: 3 } }, colors: ["blue"] }));
    expect(reported.state).toEqual({ at: { x: 1, y: { u: 3 } }, colors: ["blue"] });
  });

  it("takes nothing away from what was no object, and keeps no null in what is new", () => {
    expect(after(report({ at: 1 }), report({ at: { x: "null", y: 2 } })).reported.state).toEqual({ at: { y: 2 } });
  });

  it("loses what is removed by name, within objects too, and gets nothing for names that it has not", () => {
    const first = report({ color: "red", at: { x: 1, y: 2 } });
    const names = { color: { r: "null" }, at: { x: "null", z: null }, none: { of: null }, gone: null };
    const { reported } = after(first, { reported: { is: "removed", by: names } });
    expect(reported.state).toEqual({ color: "red", at: { y: 2 } });
    expect(Object.keys(reported.since)).toEqual(["color", "at"]);
    expect(after(first, { reported: { is: "removed", by: { at: "null" } } }).reported.state).toEqual({ color: "red" });
  });

  it("holds attributes of any name", () => {
    const named = JSON.parse('{"__proto__":{"a":1},"constructor":2,"toString":3}');
    const { reported } = after(report(named), report(JSON.parse('{"__proto__":{"b":2}}')));
    expect(JSON.stringify(reported.state)).toBe('{"__proto__":{"a":1,"b":2},"constructor":2,"toString":3}');
    expect(JSON.parse(JSON.stringify(reported.since)).toString).toBe(NOW);
    expect({}).not.toHaveProperty("a");
  });

  it("has what is desired replaced whole, and cleared", () => {
    const desire: ShadowChange = { desired: patched({ a: 1, b: 2 }) };
    const replaced = after(desire, { desired: { is: "replaced", by: { b: 3, c: null } } });
    expect(replaced.desired).toEqual({ state: { b: 3 }, since: { b: NOW + 1 } });
    expect(after(desire, { desired: { is: "cleared" } }).desired).toEqual({ state: {}, since: {} });
  });

  it.each([
    [5, 6, 6],
    [5, 4, "version_conflict"],
    [5, 5, "version_conflict"],
    [5, 0, "version_conflict"],
    [5, -2, "version_conflict"],
    [5, -1, 0],
    [5, undefined, 6],
    [0, undefined, 1],
    [undefined, 0, 0],
    [undefined, undefined, 1],
    [undefined, -1, 0],
    [Number.MAX_SAFE_INTEGER, undefined, "version_conflict"],
  ] as const)("of version %s that is to have version %s: %s", (stored, wanted, expected) => {
    const shadow = stored === undefined ? undefined : after(report({ a: 1 }, stored));
    const changed = changeShadow(shadow, report({ a: 2 }, wanted), NOW);
    expect(typeof changed === "string" ? changed : changed.version).toBe(expected);
  });

  it("is not there: what needs one is refused", () => {
    expect(changeShadow(undefined, { reported: { is: "cleared" }, needsShadow: true }, NOW)).toBe("no_shadow");
  });

  it("has 128 attributes at most in each of its sections, whoever brought them", () => {
    const named = (from: number, count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`a${from + at}`, 1]));
    const full = after(report(named(0, 100)), report(named(100, 28)), { desired: patched(named(0, 128)) });
    expect(changeShadow(full, report({ more: 1 }), NOW)).toBe("too_many_attributes");
    expect(changeShadow(full, { desired: patched({ more: 1 }) }, NOW)).toBe("too_many_attributes");
    expect(changeShadow(full, report({ a0: null, more: 1 }), NOW)).toMatchObject({ version: 4 });
  });

  it("has 16 KB of JSON at most, counted in UTF-8", () => {
    const frame = JSON.stringify({ reported: { a: "" }, desired: {} }).length;
    const most = (SHADOW_LIMITS.bytes - frame) / 2;
    expect(changeShadow(undefined, report({ a: "é".repeat(most) }), NOW)).toMatchObject({ version: 1 });
    expect(changeShadow(undefined, report({ a: `${"é".repeat(most)}x` }), NOW)).toBe("too_large");
  });
});

/** The model: each leaf by the path to it. Objects without leaves are not seen. */
type Leaves = ReadonlyMap<string, Json>;

const isWithin = (path: string, of: string) => path === of || path.startsWith(`${of}/`);

function leavesOf(value: Attributes, path = ""): Leaves {
  return new Map(
    Object.entries(value).flatMap(([name, inner]): [string, Json][] =>
      isAttributes(inner) ? [...leavesOf(inner, `${path}/${name}`)] : [[`${path}/${name}`, inner]],
    ),
  );
}

/** Removes from the model what is below each leaf of `names`. */
function removeLeaves(before: Leaves, names: Attributes): Leaves {
  const paths = [...leavesOf(names).keys()];
  return new Map([...before].filter(([at]) => !paths.some((path) => isWithin(at, path))));
}

/** Patches the model: a leaf that is written takes away what is below it and above it; `null` takes away what is below. */
function patchLeaves(before: Leaves, patch: Attributes): Leaves {
  let leaves = [...before];
  for (const [path, value] of leavesOf(patch)) {
    leaves = leaves.filter(([at]) => !isWithin(at, path) && !isWithin(path, at));
    if (value !== null && value !== "null") leaves.push([path, value]);
  }
  return new Map(leaves);
}

const leaf = fc.oneof(fc.integer(), fc.constant(null), fc.constant("null"), fc.constant("red"), fc.constant([1, null]));
const attributes = fc.letrec<{ node: Attributes; value: Json }>((tie) => ({
  node: fc.dictionary(fc.constantFrom("a", "b", "c", "__proto__"), tie("value"), { noNullPrototype: true, maxKeys: 3 }),
  value: fc.oneof(
    { depthSize: "small" },
    leaf,
    tie("node").filter((node) => leavesOf(node).size > 0),
  ),
})).node;

/** The same names, each as what takes away. */
function namesIn(value: Attributes): Attributes {
  const entries = Object.entries(value).map(([name, inner]) => [name, isAttributes(inner) ? namesIn(inner) : "null"]);
  return Object.fromEntries(entries);
}

const section = fc.option(
  fc.oneof(
    attributes.map((by) => ({ is: "patched", by }) as const),
    attributes.map((by) => ({ is: "replaced", by }) as const),
    attributes.map((by) => ({ is: "removed", by: namesIn(by) }) as const),
    fc.constant({ is: "cleared" } as const),
  ),
  { nil: undefined, freq: 3 },
);
const version = fc.option(fc.integer({ min: -2, max: 12 }), { nil: undefined });

describe("whatever is asked of a shadow, one after the other", () => {
  it("it is what the model is: leaves by path, a version that only grows or starts again, and times of what was written", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ version, reported: section, desired: section }), { maxLength: 12 }), (asked) => {
        let shadow: Shadow | undefined;
        let model: { version: number; reported: Leaves; desired: Leaves } | undefined;
        for (const [at, { version: wanted, reported, desired }] of asked.entries()) {
          const change: ShadowChange = {
            ...(wanted === undefined ? {} : { version: wanted }),
            ...(reported ? { reported } : {}),
            ...(desired ? { desired } : {}),
          };
          const changed = changeShadow(shadow, change, NOW + at);
          const next = wanted ?? (model?.version ?? 0) + 1;
          const isTaken = next === -1 || next > (model ? model.version : -1);
          if (!isTaken) {
            expect(changed).toBe("version_conflict");
            continue;
          }
          if (typeof changed === "string") throw new Error(changed);
          const sectionAfter = (leaves: Leaves | undefined, by: SectionChange | undefined): Leaves => {
            if (!by) return leaves ?? new Map();
            if (by.is === "cleared") return new Map();
            if (by.is === "removed") return removeLeaves(leaves ?? new Map(), by.by);
            return patchLeaves((by.is === "patched" ? leaves : undefined) ?? new Map(), by.by);
          };
          model = {
            version: next === -1 ? 0 : next,
            reported: sectionAfter(model?.reported, reported),
            desired: sectionAfter(model?.desired, desired),
          };
          shadow = changed;
          expect(shadow.version).toBe(model.version);
          for (const name of ["reported", "desired"] as const) {
            const { state, since } = shadow[name];
            expect(sorted(leavesOf(state))).toEqual(sorted(model[name]));
            expect(Object.keys(since).sort()).toEqual(Object.keys(state).sort());
            const written = change[name];
            for (const [attribute, time] of Object.entries(since)) {
              const isNamed = written && "by" in written && Object.hasOwn(written.by, attribute);
              expect(isNamed ? time === NOW + at : time <= NOW + at).toBe(true);
            }
            expect(fitsShadow(JSON.parse(JSON.stringify(state)), 20)).toBe(true);
          }
        }
      }),
    );
  });
});

const sorted = (leaves: Leaves) => [...leaves].sort(([one], [other]) => (one < other ? -1 : 1));
