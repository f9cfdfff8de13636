import { beforeEach, describe, expect, it } from "vitest";
import { type AuthAttempt, isRefusal, type Session } from "../src/auth/index.ts";
import { aGate, type Gate, NOW_MS } from "./a-gate.ts";
import { anAttempt, DEVICE, DEVICE_SECRET, STRANGER } from "./an-attempt.ts";

let gate: Gate;

beforeEach(() => {
  gate = aGate();
  gate.add(DEVICE, DEVICE_SECRET);
});

describe("what is noted for a device's timeline", () => {
  it("is its first login, and not the others", async () => {
    gate.add(DEVICE, DEVICE_SECRET, { activated: false });
    await accepted(anAttempt());
    await accepted(anAttempt());
    expect(gate.noted).toMatchObject([{ kind: "activated", atMs: NOW_MS, detail: { transport: "radio" } }]);
  });

  it("is a refusal with its reason, whoever sent it, but none of a name that no device has", async () => {
    await refused(anAttempt({ deviceSecret: "wrong" }));
    await refused(anAttempt({ device: STRANGER }));
    expect(gate.noted).toEqual([
      {
        device: DEVICE,
        iotId: "iot-device_01",
        kind: "refused",
        atMs: NOW_MS,
        detail: { code: "bad_credentials", why: "wrong MAC", transport: "radio", peer: "192.0.2.1" },
      },
    ]);
  });
});

describe("a sign of life", () => {
  it("is a login with a token, and every use of the token", async () => {
    const { token } = await accepted(anAttempt({ keep: "token" }));
    await gate.resumer.resume(token?.text.reveal() ?? "", { transport: "radio", peer: "192.0.2.9" });
    expect(gate.seen).toMatchObject([{ peer: "192.0.2.1" }, { peer: "192.0.2.9" }]);
  });

  it("is nothing that was refused, and no connection, which shows by itself", async () => {
    await accepted(anAttempt({ keep: "connection" }));
    await refused(anAttempt({ keep: "token", deviceSecret: "wrong" }));
    await gate.resumer.resume("x".repeat(32), { transport: "radio", peer: "192.0.2.9" });
    expect(gate.seen).toEqual([]);
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
