import { beforeEach, describe, expect, it } from "vitest";
import { type AuthAttempt, isRefusal, type Refusal, type Session } from "../src/auth/index.ts";
import { aGate, type Gate, NOW_MS } from "./a-gate.ts";
import { anAttempt, DEVICE, DEVICE_SECRET, STRANGER } from "./an-attempt.ts";
import { held } from "./held.ts";
import { tally } from "./recorded-calls.ts";

let gate: Gate;

beforeEach(() => {
  gate = aGate();
  gate.add(DEVICE, DEVICE_SECRET);
});

describe("a limit on wrong MACs", () => {
  beforeEach(() => {
    gate = aGate({ failuresPerPeer: 2 });
    gate.add(DEVICE, DEVICE_SECRET);
  });

  const fail = async (times: number) => {
    for (let i = 0; i < times; i += 1) await refused(anAttempt({ device: STRANGER }));
  };

  it("refuses a network that is over it before anything is looked up", async () => {
    await fail(3);
    gate.calls.length = 0;
    expect(await refused(anAttempt())).toBe("throttled");
    expect(gate.calls).toEqual([]);
  });

  it("does not lock the device out: it logs in from another network", async () => {
    await fail(3);
    await accepted(anAttempt({ peer: "192.0.2.2" }));
  });

  it("does not lock out a device that proved itself from the same network, behind one translation", async () => {
    await accepted(anAttempt());
    await fail(3);
    await accepted(anAttempt());
    expect(await refused(anAttempt({ device: STRANGER }))).toBe("throttled");
  });

  it("does not count what the owner is refused for", async () => {
    gate.add(DEVICE, DEVICE_SECRET, { disabled: true });
    for (let i = 0; i < 4; i += 1) expect(await refused(anAttempt())).toBe("disabled");
  });

  it("costs a good login nothing, and a bad one nothing that it waits for", async () => {
    await accepted(anAttempt());
    await refused(anAttempt({ deviceSecret: "wrong" }));
    expect(Object.keys(tally(gate.calls)).filter((call) => call.startsWith("limiter"))).toEqual([]);
  });
});

describe("a growing delay", () => {
  beforeEach(() => {
    gate = aGate({ guessDelayMs: 300_000 });
    gate.add(DEVICE, DEVICE_SECRET);
  });

  const guess = (device = DEVICE) => refused(anAttempt({ device, deviceSecret: "wrong" }));

  it("looks alike for a device that there is and one that there is not", async () => {
    const answers = [];
    for (let i = 0; i < 12; i += 1) answers.push([await guess(), await guess(STRANGER)]);
    expect(answers.every(([one, other]) => one === other)).toBe(true);
    expect(answers.at(-1)).toEqual(["throttled", "throttled"]);
  });

  it("never refuses the right MAC, whoever guesses from the same network meanwhile", async () => {
    for (let i = 0; i < 50; i += 1) {
      await guess();
      await accepted(anAttempt());
    }
    for (let i = 0; i < 50; i += 1) await guess();
    await accepted(anAttempt());
  });
});

describe("admission", () => {
  it("refuses whom it cannot take before anything is looked up, with the time to come again", async () => {
    gate = aGate({ loginsPerSecond: 1, loginBurst: 2 });
    gate.add(DEVICE, DEVICE_SECRET);
    await accepted(anAttempt());
    await accepted(anAttempt());
    gate.calls.length = 0;
    const outcome = await gate.authenticator.authenticate(anAttempt());
    expect(outcome).toMatchObject({ code: "busy", retryAfterMs: expect.any(Number) });
    expect(gate.calls).toEqual([]);
  });

  it("counts a login as under way until it is answered", async () => {
    gate = aGate({ loginsUnderWay: 1 });
    gate.add(DEVICE, DEVICE_SECRET);
    const answer = held();
    await accepted(anAttempt({ answered: answer.promise }));
    expect(await refused(anAttempt())).toBe("busy");
    answer.release();
    await answer.promise;
    await accepted(anAttempt());
    await accepted(anAttempt());
  });

  it("drops the login of a device that left, before the look-up and after it", async () => {
    expect(await refused(anAttempt({ isGone: () => true }))).toBe("unavailable");
    expect(gate.calls).toEqual([]);
    let asked = 0;
    const isGone = () => {
      asked += 1;
      return asked > 1;
    };
    expect(await refused(anAttempt({ keep: "token", isGone }))).toBe("unavailable");
    expect(tally(gate.calls)).toEqual({ "lookup.findCredentials": 1 });
  });
});

describe("the rate of a device's logins", () => {
  it("counts from the right MAC on: guessing uses nothing up", async () => {
    gate = aGate({ deviceLoginsPerMinute: 2 });
    gate.add(DEVICE, DEVICE_SECRET);
    for (let i = 0; i < 5; i += 1) await refused(anAttempt({ deviceSecret: "wrong" }));
    await accepted(anAttempt());
    await accepted(anAttempt());
    expect(await refused(anAttempt())).toBe("throttled");
    gate.setNow(NOW_MS + 30_000);
    await accepted(anAttempt());
  });
});

async function accepted(attempt: AuthAttempt): Promise<Session> {
  const outcome: Session | Refusal = await gate.authenticator.authenticate(attempt);
  if (isRefusal(outcome)) throw new Error(`refused: ${outcome.code}, ${outcome.why}`);
  return outcome;
}

async function refused(attempt: AuthAttempt): Promise<string> {
  const outcome = await gate.authenticator.authenticate(attempt);
  if (!isRefusal(outcome)) throw new Error("accepted");
  return outcome.code;
}
