import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findVector, isSigned, loadVectors, macOf, type Vector } from "./index.ts";

const { vectors } = loadVectors();

describe("the vectors", () => {
  it("are 65, each under an id of its own", () => {
    expect(vectors).toHaveLength(65);
    expect(new Set(vectors.map(({ id }) => id))).toHaveProperty("size", 65);
  });

  it("say where they come from and who agrees", () => {
    for (const { id, obtained, checked } of vectors) {
      expect(obtained, id).not.toBe("");
      expect(checked.length, id).toBeGreaterThan(0);
    }
  });

  it.each(vectors.filter(isSigned))("$id: the signed fields join to the string to sign", (vector) => {
    const { signedParams, stringToSign } = vector;
    const sorted = Object.entries(signedParams).sort(([a], [b]) => (a < b ? -1 : 1));
    expect(sorted.flat().join("")).toBe(stringToSign);
  });

  it.each(vectors.filter(({ hmac }) => hmac))("$id: HMAC of the string to sign is the MAC", (vector) => {
    expect(hmacOf(vector)).toBe(comparable(vector));
  });

  it("give every signed field as the text that it is on the wire", () => {
    for (const { id, signedParams } of vectors)
      for (const value of Object.values(signedParams ?? {})) expect(value, id).toBeTypeOf("string");
  });

  it("are found by id, and an id without vector is an error", () => {
    expect(findVector("psk-A").group).toBe("psk");
    expect(() => findVector("psk-C")).toThrow("psk-C");
  });
});

describe("the README", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

  it("explains every group and every field that a vector has", () => {
    const names = vectors.flatMap((vector) => [
      vector.group,
      ...Object.keys(vector),
      ...Object.keys(vector.inputs),
      ...Object.keys(vector.outputs),
    ]);
    const unexplained = [...new Set(names)].filter(
      (name) => !readme.includes(`\`${name}\``) && !readme.includes(`.${name}\``),
    );
    expect(unexplained).toEqual([]);
  });
});

function hmacOf({ hmac = "md5", key, inputs, stringToSign = "", group }: Vector): string {
  const secret = key ?? String(inputs["accessKeySecret"]);
  return createHmac(hmac, secret)
    .update(stringToSign)
    .digest(isBase64(group) ? "base64" : "hex");
}

function comparable(vector: Vector): string | undefined {
  const mac = macOf(vector);
  return isBase64(vector.group) ? mac : mac?.toLowerCase();
}

function isBase64(group: string): boolean {
  return group === "amqp" || group === "cloud-rpc";
}
