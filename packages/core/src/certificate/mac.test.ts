import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { computeMac, macMatches, parseMacHex, stringToSign } from "./mac.ts";
import { Secret } from "./secret.ts";
import { SIGN_METHODS, type SignMethod } from "./sign-method.ts";

const fields = fc.dictionary(fc.string({ unit: fc.constantFrom(..."abcXYZ019") }), fc.string(), {
  noNullPrototype: true,
});
const signMethods = fc.constantFrom(...(Object.keys(SIGN_METHODS) as SignMethod[]));
const macs = fc.uint8Array({ minLength: 1, maxLength: 32 });

describe("the string to sign", () => {
  it("does not depend on the order in which the fields came", () => {
    fc.assert(
      fc.property(fields, (given) => {
        const reversed = Object.fromEntries(Object.entries(given).reverse());
        return stringToSign(reversed) === stringToSign(given);
      }),
    );
  });

  it("holds every name and value, and nothing else", () => {
    fc.assert(
      fc.property(fields, (given) => stringToSign(given).length === Object.entries(given).flat().join("").length),
    );
  });

  it("has names in ascending ASCII order: upper case before lower case, digits before letters", () => {
    expect(stringToSign({ b: "1", a: "2", B: "3", "0": "4" })).toBe("04B3a2b1");
  });

  it("keeps values as they were sent", () => {
    expect(stringToSign({ clientId: " a|b&c,空 " })).toBe("clientId a|b&c,空 ");
  });
});

describe("a MAC", () => {
  it("verifies under the secret, method and text that it was made with", () => {
    fc.assert(
      fc.property(signMethods, fc.string(), fc.string(), (signMethod, key, text) => {
        const mac = computeMac(signMethod, new Secret(key), text);
        const again = createHmac(SIGN_METHODS[signMethod].digest, Buffer.from(key)).update(text).digest();
        return mac.length === SIGN_METHODS[signMethod].macBytes && macMatches(again, mac);
      }),
    );
  });

  it("does not verify when one bit is different", () => {
    fc.assert(
      fc.property(macs, fc.nat(), fc.nat(7), (mac, at, bit) => {
        const forged = Uint8Array.from(mac);
        const index = at % mac.length;
        forged[index] = (forged[index] ?? 0) ^ (1 << bit);
        return macMatches(mac, mac) && !macMatches(mac, forged);
      }),
    );
  });

  it("does not verify when it is cut off, empty or too long", () => {
    const mac = computeMac("hmacsha256", new Secret("secret"), "text");
    expect(macMatches(mac, mac.subarray(0, 20))).toBe(false);
    expect(macMatches(mac, Buffer.alloc(0))).toBe(false);
    expect(macMatches(mac, Buffer.concat([mac, mac]))).toBe(false);
  });

  it("is read from hex of either case", () => {
    fc.assert(
      fc.property(macs, (mac) => {
        const hex = Buffer.from(mac).toString("hex");
        expect(parseMacHex(hex)).toEqual(Buffer.from(mac));
        expect(parseMacHex(hex.toUpperCase())).toEqual(Buffer.from(mac));
      }),
    );
  });

  it.each(["", "a", "abc", "zz", "0x12", "12 34", "12\n"])("%j is not hex", (text) => {
    expect(parseMacHex(text)).toBeUndefined();
  });
});
