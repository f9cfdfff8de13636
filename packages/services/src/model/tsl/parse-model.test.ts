import { describe, expect, it } from "vitest";
import { A_MODEL } from "../../../test/a-model.ts";
import { parseModel } from "./parse-model.ts";

const property = (dataType: unknown, identifier = "P") => ({ identifier, dataType });
const withType = (dataType: unknown) => ({ properties: [property(dataType)] });

describe("a model", () => {
  it("of the vendor is taken, with the event and services that only restate its properties", () => {
    expect(parseModel(A_MODEL)).toMatchObject({
      model: { events: [{ identifier: "overheat" }], services: [{ identifier: "reboot" }] },
    });
  });

  it("may be empty", () => {
    expect(parseModel({})).toEqual({ model: { properties: [], events: [], services: [] } });
  });

  it.each([
    ["properties that are no list", { properties: {} }, "properties"],
    ["a name with a dot", { properties: [property({ type: "int" }, "a.b")] }, "properties.0.identifier"],
    [
      "a name twice",
      { properties: [property({ type: "int" }), property({ type: "text" })] },
      "properties.1.identifier",
    ],
    ["no type", { properties: [{ identifier: "P" }] }, "properties.0.dataType"],
    ["an unknown type", withType({ type: "long" }), "properties.0.dataType.type"],
    ["a limit that is no number", withType({ type: "int", specs: { min: "low" } }), "properties.0.dataType.specs.min"],
    [
      "limits the wrong way round",
      withType({ type: "int", specs: { min: "2", max: 1 } }),
      "properties.0.dataType.specs",
    ],
    ["a step below 0", withType({ type: "int", specs: { step: "-1" } }), "properties.0.dataType.specs.step"],
    [
      "a text that is too long",
      withType({ type: "text", specs: { length: "10241" } }),
      "properties.0.dataType.specs.length",
    ],
    ["an enum of nothing", withType({ type: "enum", specs: {} }), "properties.0.dataType.specs"],
    ["an enum of words", withType({ type: "enum", specs: { on: "1" } }), "properties.0.dataType.specs.on"],
    [
      "a structure in a structure",
      withType({ type: "struct", specs: [property({ type: "struct", specs: [] }, "inner")] }),
      "properties.0.dataType.specs.0.dataType.type",
    ],
    [
      "an array of arrays",
      withType({ type: "array", specs: { size: 1, item: { type: "array", specs: { item: { type: "int" } } } } }),
      "properties.0.dataType.specs.item.type",
    ],
    ["an array without a type", withType({ type: "array", specs: { size: "3" } }), "properties.0.dataType.specs.item"],
    ["an unknown kind of event", { events: [{ identifier: "e", type: "panic" }] }, "events.0.type"],
    [
      "201 properties",
      { properties: Array.from({ length: 201 }, (_, at) => property({ type: "int" }, `p${at}`)) },
      "properties",
    ],
    ["more than 256 KB", { note: "x".repeat(262_144) }, ""],
    ["a text that nothing can keep", { note: ["\0"] }, "note.0"],
  ])("with %s is not taken, and the answer says where", (_, text, field) => {
    expect(parseModel(text)).toMatchObject({ fault: { field, detail: expect.any(String) } });
  });

  it("of 200 properties is taken", () => {
    const properties = Array.from({ length: 200 }, (_, at) => property({ type: "int" }, `p${at}`));
    expect(parseModel({ properties })).toHaveProperty("model");
  });
});
