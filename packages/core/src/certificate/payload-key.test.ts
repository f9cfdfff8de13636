import fc from "fast-check";
import { expect, it } from "vitest";
import { derivePayloadKey, openPayload, sealPayload } from "./payload-key.ts";
import { Secret } from "./secret.ts";

const key = derivePayloadKey(new Secret("secret"), "8fe3c8d50e10a1b2");

it("opens what was sealed with the same key", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (payload) => openPayload(key, sealPayload(key, payload))?.equals(payload) === true),
  );
});

it("an empty payload becomes one block of padding", () => {
  expect(sealPayload(key, Buffer.alloc(0))).toHaveLength(16);
});

it("each random gives another key of 16 bytes", () => {
  expect(key).toHaveLength(16);
  expect(derivePayloadKey(new Secret("secret"), "8fe3c8d50e10a1b3")).not.toEqual(key);
});

it("what is no whole number of blocks, or nothing, does not open", () => {
  const sealed = sealPayload(key, Buffer.from("hello"));
  expect(openPayload(key, sealed.subarray(1))).toBeUndefined();
  expect(openPayload(key, Buffer.alloc(0))).toBeUndefined();
});

it("what was sealed with another key does not open as it was", () => {
  const payload = Buffer.from('{"name":"hello world"}');
  const other = derivePayloadKey(new Secret("another"), "8fe3c8d50e10a1b2");
  expect(openPayload(other, sealPayload(key, payload))).not.toEqual(payload);
});
