import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { unprintable } from "./unprintable.ts";

const hex = "b68c21278583d2a4cca359bbf6954779";
const bytes = unprintable(Buffer.from(hex, "hex"), "MAC");

it("neither JSON nor inspection shows the bytes", () => {
  expect(JSON.stringify({ bytes })).toBe('{"bytes":"[MAC]"}');
  expect(inspect({ bytes }, { showHidden: true })).toBe("{ bytes: [MAC] }");
});

it("they are the same bytes for everything else", () => {
  expect(bytes.equals(Buffer.from(hex, "hex"))).toBe(true);
  expect(bytes.toString("hex")).toBe(hex);
  expect(createHmac("md5", bytes).digest()).toEqual(createHmac("md5", Buffer.from(hex, "hex")).digest());
});
