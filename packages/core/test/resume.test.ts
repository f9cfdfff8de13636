import { beforeEach, describe, expect, it } from "vitest";
import { type AuthAttempt, isRefusal, type Session } from "../src/auth/index.ts";
import { aGate, type Gate, NOW_MS } from "./a-gate.ts";
import { anAttempt, DEVICE, DEVICE_SECRET } from "./an-attempt.ts";
import { tally } from "./recorded-calls.ts";

const FROM = { transport: "radio", peer: "192.0.2.9" };

let gate: Gate;

beforeEach(() => {
  gate = aGate();
  gate.add(DEVICE, DEVICE_SECRET);
});

describe("a token", () => {
  it("resumes its session, under the same id, for whoever brings it", async () => {
    const session = await logIn();
    expect(await resume(session.token)).toEqual({
      sessionId: session.sessionId,
      device: DEVICE,
      iotId: session.iotId,
      secretVersion: 1,
      transport: "radio",
      peer: "192.0.2.9",
      product: session.product,
      startedAtMs: expect.any(Number),
      activatedNow: false,
    });
  });

  it("costs one look-up of the session and one of the device", async () => {
    const session = await logIn();
    gate.calls.length = 0;
    await resume(session.token);
    expect(tally(gate.calls)).toEqual({ "sessions.find": 1, "lookup.findCredentials": 1 });
  });

  it("that seals payloads resumes with the key that the login gave", async () => {
    const session = await logIn({ sealedPayloads: true });
    expect(await resume(session.token)).toMatchObject({ sealing: session.sealing });
  });

  it("is void once the device is disabled, gone, made anew or has a new secret", async () => {
    const { token } = await logIn();
    gate.add(DEVICE, DEVICE_SECRET, { disabled: true });
    expect(await codeOf(token)).toBe("disabled");
    gate.add(DEVICE, DEVICE_SECRET, { iotId: "iot-anew" });
    expect(await codeOf(token)).toBe("token_invalid");
    gate.add(DEVICE, DEVICE_SECRET, { secretVersion: 2 });
    expect(await codeOf(token)).toBe("token_invalid");
    gate.remove(DEVICE);
    expect(await codeOf(token)).toBe("token_invalid");
  });

  it("of the first of two secrets works until the end of the grace, and of the second beyond", async () => {
    const { token } = await logIn();
    const next = { deviceSecret: "second", secretVersion: 2, graceEndsAtMs: NOW_MS + 1_000 };
    gate.add(DEVICE, DEVICE_SECRET, { next });
    const second = await logIn({ ...anAttempt({ deviceSecret: "second" }), keep: "token" });
    expect([await codeOf(token), await codeOf(second.token)]).toEqual(["ok", "ok"]);
    gate.setNow(NOW_MS + 1_000);
    expect([await codeOf(token), await codeOf(second.token)]).toEqual(["token_invalid", "ok"]);
    gate.add(DEVICE, "second", { secretVersion: 2 });
    expect([await codeOf(token), await codeOf(second.token)]).toEqual(["token_invalid", "ok"]);
  });

  it("is void once the policy that let it in was changed", async () => {
    gate.add(DEVICE, DEVICE_SECRET, { policyVersion: 4 });
    const { token } = await logIn();
    expect(await codeOf(token)).toBe("ok");
    gate.add(DEVICE, DEVICE_SECRET, { policyVersion: 5 });
    expect(await codeOf(token)).toBe("token_invalid");
  });

  it("works again when the device is enabled again", async () => {
    const { token } = await logIn();
    gate.add(DEVICE, DEVICE_SECRET, { disabled: true });
    expect(await codeOf(token)).toBe("disabled");
    gate.add(DEVICE, DEVICE_SECRET);
    expect(isRefusal(await resume(token))).toBe(false);
  });

  it("works until its last millisecond, and no longer", async () => {
    const { token } = await logIn();
    gate.setNow(NOW_MS + 7 * 86_400_000 - 1);
    expect(isRefusal(await resume(token))).toBe(false);
    gate.setNow(NOW_MS + 7 * 86_400_000);
    expect(await codeOf(token)).toBe("token_expired");
  });

  it("does not work over another transport: it may have been overheard where it travels in clear", async () => {
    const { token } = await logIn({ sealedPayloads: true });
    const outcome = await gate.resumer.resume(token?.text.reveal() ?? "", { ...FROM, transport: "pigeon" });
    expect(outcome).toMatchObject({ code: "token_invalid" });
  });

  it("does not outlive its transport in the product's policy", async () => {
    const { token } = await logIn();
    gate.add(DEVICE, DEVICE_SECRET, { policy: { transports: ["pigeon"] } });
    expect(await codeOf(token)).toBe("not_allowed");
  });

  it("that is missing, unknown or too long is refused, the last without asking a store", async () => {
    gate.calls.length = 0;
    expect(await gate.resumer.resume("", FROM)).toMatchObject({ code: "token_missing" });
    expect(await gate.resumer.resume("x".repeat(192), FROM)).toMatchObject({ code: "token_invalid" });
    expect(gate.calls).toEqual([]);
    expect(await gate.resumer.resume("x".repeat(32), FROM)).toMatchObject({ code: "token_invalid" });
    expect(gate.calls).toEqual(["sessions.find"]);
  });

  it("is never asked for by its text", async () => {
    const { token } = await logIn();
    expect([...gate.sessions.keys()]).not.toContain(token?.text.reveal());
  });
});

describe("a sequence number", () => {
  it("is taken once", async () => {
    const { token, sealing } = await logIn({ sealedPayloads: true });
    const text = token?.text.reveal() ?? "";
    const take = (origin: string) => gate.resumer.takeSequence(text, sealing?.seqOffset ?? 0, origin);
    const first = await take("192.0.2.1:5683/1");
    expect(first).toEqual({ messageId: expect.stringMatching(/^\d+$/), isRepeat: false });
    expect(await take("192.0.2.1:5683/2")).toMatchObject({ code: "replayed" });
    expect(await take("192.0.2.1:5683/1")).toEqual({ ...first, isRepeat: true });
  });

  it("of no session is refused like its token", async () => {
    expect(await gate.resumer.takeSequence("x".repeat(32), 1, "here")).toMatchObject({ code: "token_invalid" });
  });

  it("may come late within 64 by default, or within what is set", async () => {
    expect(await windowOf(aGate())).toBe(64);
    expect(await windowOf(aGate({ sequenceWindow: 8 }))).toBe(8);
  });
});

async function logIn(given: Partial<AuthAttempt> = {}): Promise<Session> {
  const outcome = await gate.authenticator.authenticate(anAttempt({ keep: "token", ...given }));
  if (isRefusal(outcome)) throw new Error(`refused: ${outcome.code}`);
  return outcome;
}

function resume(token: Session["token"]) {
  return gate.resumer.resume(token?.text.reveal() ?? "", FROM);
}

async function codeOf(token: Session["token"]): Promise<string> {
  const outcome = await resume(token);
  return isRefusal(outcome) ? outcome.code : "ok";
}

/** The window that the store is asked with. */
async function windowOf({ deps, resumer }: Gate): Promise<number> {
  let asked = 0;
  Object.assign(deps.sessions, {
    takeSequence: async (_hash: string, _seq: number, { window }: { window: number }) => {
      asked = window;
      return { outcome: "taken", messageId: "1" };
    },
  });
  await resumer.takeSequence("x".repeat(32), 1, "here");
  return asked;
}
