import { findVector } from "@trine/vectors";
import { beforeEach, describe, expect, it } from "vitest";
import { type ChannelProof, createPskKeys, isRefusal } from "../src/auth/index.ts";
import { formatPskIdentity } from "../src/certificate/index.ts";
import { aGate, type Gate, NOW_MS } from "./a-gate.ts";
import { aDevice, anAttempt, DEVICE, DEVICE_SECRET, STRANGER } from "./an-attempt.ts";

const TIMESTAMP = "2524608000000";
const IDENTITY = formatPskIdentity({ device: DEVICE, timestamp: TIMESTAMP });

let gate: Gate;

beforeEach(() => {
  gate = aGate();
  gate.add(DEVICE, DEVICE_SECRET);
});

describe("the keys of a channel", () => {
  const find = (identity: string) => createPskKeys(gate.deps).find(identity);

  it("are the ones that the vendor's SDK derives", async () => {
    const found = await find(IDENTITY);
    expect(found?.device).toEqual(DEVICE);
    expect(found?.keys.map(({ key }) => key.toString("ascii"))).toEqual([findVector("psk-A").outputs.pskAsciiHex]);
  });

  it("are those of both secrets while a rotation is under way, the older first", async () => {
    const device = aDevice("rotating_1");
    const next = { deviceSecret: "00112233445566778899aabbccddeeff", secretVersion: 2, graceEndsAtMs: NOW_MS + 1_000 };
    gate.add(device, DEVICE_SECRET, { next });
    const identity = formatPskIdentity({ device, timestamp: TIMESTAMP });
    expect((await find(identity))?.keys.map(({ secretVersion }) => secretVersion)).toEqual([1, 2]);
    gate.setNow(next.graceEndsAtMs);
    expect((await find(identity))?.keys.map(({ secretVersion }) => secretVersion)).toEqual([2]);
  });

  it("of a device that does not exist are as many and as long as those of one that does", async () => {
    const found = await find(formatPskIdentity({ device: STRANGER, timestamp: TIMESTAMP }));
    expect(found?.keys.map(({ key }) => key.length)).toEqual([64]);
  });

  it("are none for a text that is no identity", async () => {
    expect(await find("device_01")).toBeUndefined();
  });
});

describe("a login over a channel that a pre-shared key opened", () => {
  const logIn = async (channel: ChannelProof) => {
    const outcome = await gate.authenticator.authenticate(anAttempt({ channel }));
    return isRefusal(outcome) ? outcome.code : "ok";
  };

  it("is of the device whose key it was", async () => {
    expect(await logIn({ kind: "psk", device: DEVICE, secretVersion: 1 })).toBe("ok");
  });

  it("is refused as a wrong signature when it is of another device", async () => {
    expect(await logIn({ kind: "psk", device: STRANGER, secretVersion: 1 })).toBe("bad_credentials");
  });
});
