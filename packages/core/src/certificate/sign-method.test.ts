import fc from "fast-check";
import { expect, it } from "vitest";
import { DEFAULT_SIGN_METHOD, parseSignMethod, SIGN_METHODS } from "./sign-method.ts";

it.each([
  ["hmacmd5", "hmacmd5"],
  ["hmacMd5", "hmacmd5"],
  ["HmacMD5", "hmacmd5"],
  ["hmacsha1", "hmacsha1"],
  ["hmacSha1", "hmacsha1"],
  ["hmacsha256", "hmacsha256"],
  ["hmacSha256", "hmacsha256"],
  ["Sha256", "hmacsha256"],
])("the spelling %s of an SDK is %s", (spelling, signMethod) => {
  expect(parseSignMethod(spelling)).toBe(signMethod);
});

it("case never matters", () => {
  const spellings = fc.constantFrom(...Object.keys(SIGN_METHODS)).chain((name) =>
    fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }).map((upper) => ({
      name,
      text: [...name].map((letter, index) => (upper[index] ? letter.toUpperCase() : letter)).join(""),
    })),
  );
  fc.assert(fc.property(spellings, ({ name, text }) => parseSignMethod(text) === name));
});

it.each(["", "hmac", "hmacsha512", "hmacsha256 ", "none", "toString", "__proto__", "constructor"])(
  "%j is no sign method",
  (text) => {
    expect(parseSignMethod(text)).toBeUndefined();
  },
);

it("a device that names none signs with HMAC-MD5", () => {
  expect(DEFAULT_SIGN_METHOD).toBe("hmacmd5");
});
