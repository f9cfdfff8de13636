import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { A_MODEL } from "../../../test/a-model.ts";
import { compileModel } from "./compile-model.ts";

const model = compileModel(A_MODEL);
const check = (identifier: string, value: unknown) => model?.properties.get(identifier)?.check(value);

describe("a value of a property", () => {
  it.each([
    ["Temp", [-40, 100, 21.5, 0]],
    ["Count", [0, 10]],
    ["Exact", [0.1, -1e300]],
    ["Label", ["", "12345678", "äöü"]],
    ["On", [0, 1]],
    ["Mode", [0, 5]],
    ["Since", ["1524448722000", 1_524_448_722_000]],
    ["Place", [{ lon: 1, lat: 2 }, {}]],
    ["Lanes", [[], [1, 2, 3]]],
  ])("of %s is taken when the model allows it", (identifier, values) => {
    for (const value of values) expect(check(identifier, value)).toBeUndefined();
  });

  it.each([
    ["Temp", [-40.5, 100.5, 21.3, "21.5", null, Number.NaN]],
    ["Count", [-1, 11, 1.5, true]],
    ["Exact", ["1", Number.POSITIVE_INFINITY]],
    ["Label", ["123456789", "äöüäö", 1]],
    ["On", [true, "1", 2]],
    ["Mode", [1, "0", "toString"]],
    ["Since", ["yesterday", "", ["1524448722000"], -1]],
    ["Place", [[], null, 1, { lon: "1" }, { lon: 1, height: 2 }, JSON.parse('{"__proto__":1}')]],
    ["Lanes", [[1, 2, 3, 4], ["1"], {}]],
  ])("of %s is not taken when the model does not", (identifier, values) => {
    for (const value of values) expect(check(identifier, value)).toEqual(expect.any(String));
  });

  it("in steps of a decimal fraction is taken, whatever it is in binary", () => {
    const tenths = compileModel({
      properties: [{ identifier: "P", dataType: { type: "float", specs: { min: "-10", max: "10", step: "0.1" } } }],
    });
    const of = tenths?.properties.get("P")?.check;
    fc.assert(fc.property(fc.integer({ min: -100, max: 100 }), (step) => of?.(step / 10) === undefined));
    fc.assert(fc.property(fc.integer({ min: -100, max: 99 }), (step) => of?.((step + 0.5) / 10) !== undefined));
  });

  it("is judged without a throw, whatever it is, and the reason does not repeat it", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const { check: judge } of model?.properties.values() ?? []) {
          const reason = judge(value);
          expect(reason?.length ?? 0).toBeLessThan(100);
        }
      }),
    );
  });
});
