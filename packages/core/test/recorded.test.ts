import { expect, it } from "vitest";
import {
  type Authenticator,
  recordedAuthenticator,
  recordedResumer,
  refuse,
  type Session,
  type SessionResumer,
} from "../src/auth/index.ts";
import type { LoginDecision, Recorder } from "../src/ports/index.ts";
import { aGate } from "./a-gate.ts";
import { anAttempt, DEVICE, DEVICE_SECRET } from "./an-attempt.ts";

const outage = new Error("connection refused");
const FROM = { transport: "radio", peer: "192.0.2.1" };

it.each([
  ["awaited", () => Promise.reject(outage)],
  ["thrown at once", () => raise(outage)],
])("a fault that is %s becomes unavailable, and is recorded with its cause", async (_, authenticate) => {
  const { recorder, faults, decisions } = aRecorder();
  const outcome = await recordedAuthenticator({ authenticate }, { recorder, clock: aClock() }).authenticate(
    anAttempt(),
  );
  expect(outcome).toMatchObject({ code: "unavailable" });
  expect(faults).toEqual([["authenticate", outage]]);
  expect(decisions).toEqual([expect.objectContaining({ code: "unavailable" })]);
});

it("an accepted login is one decision, with its duration and without what a session holds", async () => {
  const gate = aGate();
  gate.add(DEVICE, DEVICE_SECRET);
  const { recorder, decisions } = aRecorder();
  const authenticator = recordedAuthenticator(gate.authenticator, { recorder, clock: aClock(3) });
  const { sessionId } = (await authenticator.authenticate(anAttempt({ keep: "token" }))) as Session;
  expect(decisions).toEqual([{ ...FROM, device: DEVICE, code: "ok", sessionId, activatedNow: false, ms: 3 }]);
});

it("a refused login is one decision, with the private reason, and no fault", async () => {
  const { recorder, decisions, faults } = aRecorder();
  const refusing: Authenticator = { authenticate: async () => refuse("disabled", "the device is disabled") };
  await recordedAuthenticator(refusing, { recorder, clock: aClock(2) }).authenticate(anAttempt());
  expect(decisions).toEqual([{ ...FROM, device: DEVICE, code: "disabled", why: "the device is disabled", ms: 2 }]);
  expect(faults).toEqual([]);
});

it("a resumer that fails is unavailable, in either of its questions", async () => {
  const { recorder, faults } = aRecorder();
  const failing: SessionResumer = { resume: () => raise(outage), takeSequence: () => Promise.reject(outage) };
  const resumer = recordedResumer(failing, { recorder });
  expect(await resumer.resume("token", FROM)).toMatchObject({ code: "unavailable" });
  expect(await resumer.takeSequence("token", 1, "here")).toMatchObject({ code: "unavailable" });
  expect(faults).toEqual([
    ["resume", outage],
    ["take_sequence", outage],
  ]);
});

it("what a resumer answers is passed on as it is", async () => {
  const { recorder } = aRecorder();
  const refusal = refuse("token_expired", "expired");
  const taken = { messageId: "7", isRepeat: false };
  const resumer = recordedResumer({ resume: async () => refusal, takeSequence: async () => taken }, { recorder });
  expect(await resumer.resume("token", FROM)).toBe(refusal);
  expect(await resumer.takeSequence("token", 1, "here")).toBe(taken);
});

function raise(error: Error): never {
  throw error;
}

/** Each look at it is `stepMs` later. */
function aClock(stepMs = 1) {
  let ms = 0;
  const monotonicMs = () => {
    ms += stepMs;
    return ms;
  };
  return { nowMs: () => 0, monotonicMs };
}

function aRecorder() {
  const decisions: LoginDecision[] = [];
  const faults: [string, unknown][] = [];
  const recorder: Recorder = {
    loginDecided: (decision) => void decisions.push(decision),
    fault: (where, error) => void faults.push([where, error]),
    registrationDecided: () => undefined,
    uplinkDecided: () => {},
    downlinkChanged: () => {},
    serviceAnswered: () => {},
    connectionOpened: () => {},
    connectionClosed: () => {},
    dropped: () => {},
    nodeLost: () => undefined,
    handshakesDecided: () => undefined,
    timelineDropped: () => {},
    cloneSuspected: () => {},
  };
  return { recorder, decisions, faults };
}
