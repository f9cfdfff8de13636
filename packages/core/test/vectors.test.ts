import { findVector, isSigned, loadVectors, macOf, type SignedVector, type Vector } from "@trine/vectors";
import { describe, expect, it } from "vitest";
import { isRefusal } from "../src/auth/index.ts";
import {
  computeMac,
  derivePayloadKey,
  derivePsk,
  formatPskIdentity,
  macMatches,
  openPayload,
  parseMacHex,
  parsePskIdentity,
  parseSignMethod,
  Secret,
  type SignMethod,
  sealPayload,
  stringToSign,
} from "../src/certificate/index.ts";
import { aGate } from "./a-gate.ts";
import { aDevice, anAttempt } from "./an-attempt.ts";

const { vectors } = loadVectors();
const signed = vectors.filter(isSigned);

// What a registered device logs in with: its own secret, over its own names.
const logins = signed.filter(
  ({ keyName, signedParams }) => keyName?.endsWith("deviceSecret") && signedParams["clientId"],
);

describe("the string to sign and the MAC", () => {
  it("are stated by 50 vectors", () => {
    expect(signed).toHaveLength(50);
  });

  it.each(signed)("$id", (vector) => {
    expect(stringToSign(vector.signedParams)).toBe(vector.stringToSign);
    const mac = computeMac(methodOf(vector), new Secret(vector.key), vector.stringToSign);
    expect(macMatches(mac, parseMacHex(macOf(vector) ?? "") ?? Buffer.alloc(0))).toBe(true);
  });
});

describe("the pipeline", () => {
  it.each(logins)("accepts $id, and refuses it under a wrong secret", async (vector) => {
    const { productKey = "", deviceName = "" } = vector.signedParams;
    const device = aDevice(deviceName, productKey);
    const mac = parseMacHex(macOf(vector) ?? "") ?? Buffer.alloc(0);
    const attempt = anAttempt({ device, signMethod: methodOf(vector), signed: vector.signedParams, mac });
    const gate = aGate();
    gate.add(device, vector.key);
    expect(await gate.authenticator.authenticate(attempt)).toMatchObject({ device });
    gate.add(device, `${vector.key.slice(0, -1)}!`);
    expect(await gate.authenticator.authenticate(attempt)).toMatchObject({ code: "bad_credentials" });
  });

  it("refuses the negative vector: a method that was declared is not guessed from the MAC's length", async () => {
    const { inputs, outputs, declared = "", stringToSign: text } = findVector("mqtt-node128-sha256-NEGATIVE");
    const device = aDevice(String(inputs["deviceName"]), String(inputs["productKey"]));
    const signMethod = parseSignMethod(declared.split("=")[1] ?? "");
    if (!signMethod) throw new Error("the vector declares a sign method");
    const fields = { clientId: "a1b2C3d4E5f&device_01", ...device, timestamp: "1700000000123" };
    expect(stringToSign(fields)).toBe(text);
    const gate = aGate();
    gate.add(device, String(inputs["deviceSecret"]));
    const attempt = (mac: unknown) =>
      anAttempt({ device, signMethod, signed: fields, mac: parseMacHex(String(mac)) ?? Buffer.alloc(0) });
    expect(await gate.authenticator.authenticate(attempt(outputs["sentByNodeSdk"]))).toMatchObject({
      code: "bad_credentials",
    });
    expect(isRefusal(await gate.authenticator.authenticate(attempt(outputs["correct"])))).toBe(false);
  });
});

describe("the pre-shared key", () => {
  it.each(vectors.filter(({ group }) => group === "psk"))("$id", ({ inputs, outputs }) => {
    const identity = parsePskIdentity(String(outputs["pskIdentity"]));
    if (!identity) throw new Error("the identity is one");
    expect(identity.device).toEqual(aDevice(String(inputs["deviceName"]), String(inputs["productKey"])));
    expect(formatPskIdentity(identity)).toBe(outputs["pskIdentity"]);
    const psk = derivePsk(new Secret(String(inputs["deviceSecret"])), identity);
    expect(psk.toString("ascii")).toBe(outputs["pskAsciiHex"]);
    expect(psk.toString("hex")).toBe(String(outputs["pskBytesHex"]).toLowerCase());
    expect(psk).toHaveLength(Number(outputs["pskLengthBytes"]));
  });
});

describe("sealed payloads", () => {
  it.each(vectors.filter(({ id }) => id.startsWith("coap-aes")))("$id", ({ inputs, outputs }) => {
    const key = derivePayloadKey(new Secret(String(inputs["deviceSecret"])), String(inputs["random"]));
    expect(key.toString("hex")).toBe(outputs["aesKeyHex"]);
    for (const [clear, sealedHex] of sealedTexts(outputs)) {
      expect(sealPayload(key, Buffer.from(clear)).toString("hex")).toBe(sealedHex);
      expect(openPayload(key, Buffer.from(sealedHex, "hex"))?.toString()).toBe(clear);
    }
  });
});

function methodOf({ hmac }: SignedVector): SignMethod {
  return `hmac${hmac}`;
}

function sealedTexts({ encryptedSeqHex, encryptedPayloadHex }: Vector["outputs"]): [string, string][] {
  return Object.entries({ ...(encryptedSeqHex as object), ...(encryptedPayloadHex as object) });
}
