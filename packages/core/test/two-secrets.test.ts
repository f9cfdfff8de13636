import { beforeEach, describe, expect, it } from "vitest";
import { type AuthAttempt, isRefusal, type Session } from "../src/auth/index.ts";
import { derivePayloadKey, Secret } from "../src/certificate/index.ts";
import { aGate, type Gate, NOW_MS } from "./a-gate.ts";
import { aDevice, anAttempt, DEVICE_SECRET } from "./an-attempt.ts";

const ROTATING = aDevice("rotating_1");
const SECOND = {
  deviceSecret: "00112233445566778899aabbccddeeff",
  secretVersion: 2,
  graceEndsAtMs: NOW_MS + 1_000,
};

let gate: Gate;

describe("a device with two secrets", () => {
  const withFirst = anAttempt({ device: ROTATING });
  const withSecond = anAttempt({ device: ROTATING, deviceSecret: SECOND.deviceSecret });

  beforeEach(() => {
    gate = aGate();
    gate.add(ROTATING, DEVICE_SECRET, { next: SECOND });
  });

  it("logs in with the first, which ends nothing", async () => {
    expect(await accepted(withFirst)).toMatchObject({ secretVersion: 1 });
    expect(gate.ended).toEqual([]);
  });

  it("logs in with the second, which ends the rotation before the session is issued", async () => {
    gate.calls.length = 0;
    expect(await accepted({ ...withSecond, keep: "token" })).toMatchObject({ secretVersion: 2 });
    const { secretVersion, graceEndsAtMs } = SECOND;
    expect(gate.ended).toEqual([{ device: ROTATING, iotId: "iot-rotating_1", secretVersion, graceEndsAtMs }]);
    expect(gate.calls.slice(-2)).toEqual(["rotations.end", "sessions.save"]);
  });

  it("is refused with the first from the end of the grace on, and not with the second", async () => {
    gate.setNow(SECOND.graceEndsAtMs - 1);
    expect(await accepted(withFirst)).toMatchObject({ secretVersion: 1 });
    gate.setNow(SECOND.graceEndsAtMs);
    expect(await refused(withFirst)).toBe("bad_credentials");
    expect(await accepted(withSecond)).toMatchObject({ secretVersion: 2 });
  });

  it("ends no rotation when it is refused", async () => {
    gate.add(ROTATING, DEVICE_SECRET, { next: SECOND, disabled: true });
    expect(await refused(withSecond)).toBe("disabled");
    expect(gate.ended).toEqual([]);
  });

  it("is refused with a second secret that was replaced meanwhile", async () => {
    Object.assign(gate.deps.rotations, { end: async () => false });
    expect(await refused(withSecond)).toBe("bad_credentials");
  });

  it("seals its payloads under the secret that it logged in with", async () => {
    for (const [attempt, deviceSecret] of [
      [withFirst, DEVICE_SECRET],
      [withSecond, SECOND.deviceSecret],
    ] as const) {
      const { token, sealing } = await accepted({ ...attempt, keep: "token", sealedPayloads: true });
      const key = derivePayloadKey(new Secret(deviceSecret), sealing?.random ?? "");
      expect(sealing?.key).toEqual(key);
      const from = { transport: attempt.transport, peer: attempt.peer };
      expect(await gate.resumer.resume(token?.text.reveal() ?? "", from)).toMatchObject({ sealing: { key } });
    }
  });
});

async function accepted(attempt: AuthAttempt): Promise<Session> {
  const outcome = await gate.authenticator.authenticate(attempt);
  if (isRefusal(outcome)) throw new Error(`refused: ${outcome.code}`);
  return outcome;
}

async function refused(attempt: AuthAttempt): Promise<string> {
  const outcome = await gate.authenticator.authenticate(attempt);
  return isRefusal(outcome) ? outcome.code : "ok";
}
