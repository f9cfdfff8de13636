import { computeMac, Secret, stringToSign } from "@trine/core/certificate";
import { describe, expect, it } from "vitest";
import { parseSubLogin } from "./parse-sub-login.ts";

const SECRET = new Secret("subSecret0123456789abcdef0123456");
const NAMES = { productKey: "a1SubPk00001", deviceName: "sub_01" };

/** As the vectors have them: sub-node128-login, sub-c320-topo-add, sub-c320-login. */
const CAPTURED = {
  node: {
    ...NAMES,
    clientId: "a1SubPk00001&sub_01",
    timestamp: 1_700_000_000_123,
    signMethod: "hmacsha1",
    sign: "c001c966c2dcd53a454b5b216bf810d4dd8ef512",
  },
  "C, topo/add": {
    ...NAMES,
    clientId: "a1SubPk00001.sub_01",
    timestamp: "15734",
    signmethod: "hmacSha256",
    sign: "609B7A7BFA0E3EB5891ABC12B8BF3B613F7C2F4FC0C097303551E9EAE521C559",
  },
  "C, login": {
    ...NAMES,
    clientId: "a1SubPk00001.sub_01|_ss=1,_v=sdk-c-3.2.0|",
    timestamp: "15980",
    signMethod: "hmacSha256",
    sign: "F5802A78C31BD5E208186F7A03B8B560935FAE870051FC01B03B9377010E6B0C",
    cleanSession: "true",
  },
} as const;

describe("what a gateway says of a device", () => {
  it.each(Object.entries(CAPTURED))("is signed as the SDKs sign it: %s", (_, fields) => {
    const { proof } = parseSubLogin(fields) ?? {};
    if (!proof) throw new Error("not read");
    const expected = computeMac(proof.signMethod, SECRET, stringToSign(proof.signed)).toString("hex");
    expect(Buffer.from(proof.mac).toString("hex")).toBe(expected);
  });

  it("says by the block of the clientId whether system topics come by themselves, and by cleanSession what outlives", () => {
    expect(parseSubLogin(CAPTURED["C, login"])).toMatchObject({ implicitSubscriptions: true, lasting: false });
    expect(parseSubLogin({ ...CAPTURED.node, cleanSession: "false" })).toMatchObject({
      implicitSubscriptions: false,
      lasting: true,
    });
  });

  it.each([
    ["nothing", undefined],
    ["no object", "x"],
    ["no device", { ...CAPTURED.node, deviceName: "x" }],
    ["no clientId", { ...CAPTURED.node, clientId: "" }],
    ["a clientId too long", { ...CAPTURED.node, clientId: "x".repeat(257) }],
    ["no sign", { ...CAPTURED.node, sign: undefined }],
    ["a timestamp that is neither", { ...CAPTURED.node, timestamp: 1.5 }],
    ["a method that is no text", { ...CAPTURED.node, signMethod: 1 }],
  ])("is not read from %s", (_, value) => {
    expect(parseSubLogin(value)).toBeUndefined();
  });

  it.each([{ signMethod: "rot13" }, { sign: "not hex" }])("has no proof with %j", (more) => {
    expect(parseSubLogin({ ...CAPTURED.node, ...more })).toMatchObject({ proof: undefined });
  });
});
