import { beforeEach, describe, expect, it } from "vitest";
import { type AuthAttempt, isRefusal, type Refusal, type Session } from "../src/auth/index.ts";
import { hashSessionToken } from "../src/auth/session-token.ts";
import { derivePayloadKey, Secret } from "../src/certificate/index.ts";
import { aGate, type Gate, NOW_MS } from "./a-gate.ts";
import { aDevice, anAttempt, DEVICE, DEVICE_SECRET } from "./an-attempt.ts";
import { tally } from "./recorded-calls.ts";

let gate: Gate;

beforeEach(() => {
  gate = aGate();
  gate.add(DEVICE, DEVICE_SECRET);
});

describe("a login", () => {
  it("of the holder of the deviceSecret is a session", async () => {
    expect(await accepted(anAttempt())).toMatchObject({
      device: DEVICE,
      iotId: "iot-device_01",
      transport: "radio",
      peer: "192.0.2.1",
      activatedNow: false,
    });
  });

  it.each(["hmacmd5", "hmacsha1", "hmacsha256"] as const)("with %s is a session", async (signMethod) => {
    expect(await accepted(anAttempt({ signMethod }))).toMatchObject({ device: DEVICE });
  });

  it("whose signed text was changed is refused", async () => {
    const attempt = anAttempt();
    expect(await refused({ ...attempt, signed: { ...attempt.signed, clientId: "54321" } })).toBe("bad_credentials");
  });

  it("that declares another sign method than it used is refused", async () => {
    expect(await refused({ ...anAttempt({ signMethod: "hmacsha1" }), signMethod: "hmacsha256" })).toBe(
      "bad_credentials",
    );
  });

  it("with another device's secret is refused", async () => {
    gate.add(aDevice("device_02"), "00112233445566778899aabbccddeeff");
    expect(await refused(anAttempt({ deviceSecret: "00112233445566778899aabbccddeeff" }))).toBe("bad_credentials");
  });

  it("with an empty MAC is refused", async () => {
    expect(await refused(anAttempt({ mac: Buffer.alloc(0) }))).toBe("bad_credentials");
  });

  it("of an activated device costs one look-up and nothing else", async () => {
    await accepted(anAttempt());
    expect(tally(gate.calls)).toEqual({ "lookup.findCredentials": 1, "vault.open": 1 });
  });

  it("is judged by a stored secret that belongs to its row, else by none", async () => {
    const { deps } = gate;
    const sealedSecret = deps.vault.seal(new Secret(DEVICE_SECRET), "another row");
    gate.add(DEVICE, DEVICE_SECRET, { sealedSecret });
    await expect(gate.authenticator.authenticate(anAttempt())).rejects.toThrow("does not decrypt");
  });
});

describe("what only the owner learns", () => {
  it("a disabled device is told so, after its MAC", async () => {
    gate.add(DEVICE, DEVICE_SECRET, { disabled: true });
    expect(await refused(anAttempt())).toBe("disabled");
    expect(await refused(anAttempt({ deviceSecret: "wrong" }))).toBe("bad_credentials");
  });

  it("a sign method or transport outside the policy is told so, after the MAC", async () => {
    gate.add(DEVICE, DEVICE_SECRET, { policy: { signMethods: ["hmacsha256"], transports: ["radio"] } });
    expect(await refused(anAttempt({ signMethod: "hmacmd5" }))).toBe("not_allowed");
    expect(await refused(anAttempt({ transport: "pigeon" }))).toBe("not_allowed");
    expect(await refused(anAttempt({ signMethod: "hmacmd5", deviceSecret: "wrong" }))).toBe("bad_credentials");
    expect(isRefusal(await gate.authenticator.authenticate(anAttempt()))).toBe(false);
  });

  it.each([{ disabled: true }, { policy: { transports: [] } }])(
    "a refused owner activates nothing and gets no token: %j",
    async (given) => {
      gate.add(DEVICE, DEVICE_SECRET, { activated: false, ...given });
      await refused(anAttempt({ keep: "token" }));
      expect(gate.activated).toHaveProperty("size", 0);
      expect(gate.sessions).toHaveProperty("size", 0);
    },
  );
});

describe("a timestamp", () => {
  const signedAt = (timestamp: string) => anAttempt({ signed: { clientId: "1", ...DEVICE, timestamp } });

  it("is not judged by default, since SDKs sign constants", async () => {
    await accepted(signedAt("2524608000000"));
    await accepted(signedAt("uptime"));
  });

  describe("where the policy sets a window for the transport", () => {
    beforeEach(() => gate.add(DEVICE, DEVICE_SECRET, { policy: { timestampWindowMs: { radio: 1_000 } } }));

    it.each([-1_000, 0, 1_000])("may be %i ms from now", async (skew) => {
      await accepted(signedAt(String(NOW_MS + skew)));
    });

    it.each([-1_001, 1_001])("may not be %i ms from now", async (skew) => {
      expect(await refused(signedAt(String(NOW_MS + skew)))).toBe("stale");
    });

    it.each(["", "now", "-1", "1e3", "1".repeat(17)])("must be decimal milliseconds, not %j", async (timestamp) => {
      expect(await refused(signedAt(timestamp))).toBe("stale");
    });

    it("that is not there is not judged", async () => {
      await accepted(anAttempt());
    });

    it("over another transport is not judged", async () => {
      await accepted({ ...signedAt("2524608000000"), transport: "pigeon" });
    });
  });
});

describe("the first success", () => {
  beforeEach(() => gate.add(DEVICE, DEVICE_SECRET, { activated: false }));

  it("activates the device, with one write", async () => {
    expect(await accepted(anAttempt())).toMatchObject({ activatedNow: true });
    expect(tally(gate.calls)).toEqual({ "lookup.findCredentials": 1, "vault.open": 1, "registry.activate": 1 });
  });

  it("happens once, even while the remembered record still says otherwise", async () => {
    const outcomes = await Promise.all([anAttempt(), anAttempt(), anAttempt()].map(accepted));
    expect(outcomes.filter(({ activatedNow }) => activatedNow)).toHaveLength(1);
  });

  it("is no failed one: a wrong secret activates nothing", async () => {
    await refused(anAttempt({ deviceSecret: "wrong" }));
    expect(gate.activated).toHaveProperty("size", 0);
  });
});

describe("a token", () => {
  it("is stored under its hash only, for as long as the settings say", async () => {
    const session = await accepted(anAttempt({ keep: "token" }));
    const text = session.token?.text.reveal() ?? "";
    expect(text).toMatch(/^[A-Za-z0-9_-]{32,191}$/);
    expect(session.token?.expiresAtMs).toBe(NOW_MS + 7 * 86_400_000);
    expect([...gate.sessions]).toEqual([
      [hashSessionToken(text), expect.objectContaining({ device: DEVICE, secretVersion: 1 })],
    ]);
    expect(JSON.stringify([...gate.sessions])).not.toContain(text);
  });

  it("costs one look-up and one write", async () => {
    await accepted(anAttempt({ keep: "token" }));
    expect(tally(gate.calls)).toEqual({ "lookup.findCredentials": 1, "vault.open": 1, "sessions.save": 1 });
  });

  it("is another one at every login", async () => {
    const tokens = await Promise.all([1, 2, 3].map(() => accepted(anAttempt({ keep: "token" }))));
    expect(new Set(tokens.map(({ token }) => token?.text.reveal()))).toHaveProperty("size", 3);
  });

  it("of a device that seals its payloads comes with a random, a first number and the key of both", async () => {
    const { sealing } = await accepted(anAttempt({ keep: "token", sealedPayloads: true }));
    expect(sealing?.random).toMatch(/^[0-9a-f]{16}$/);
    expect(sealing?.seqOffset).toBeGreaterThanOrEqual(1);
    expect(sealing?.seqOffset).toBeLessThanOrEqual(1_024);
    expect(sealing?.key).toEqual(derivePayloadKey(new Secret(DEVICE_SECRET), sealing?.random ?? ""));
    expect([...gate.sessions.values()][0]?.sealing).toEqual({ random: sealing?.random, seqOffset: sealing?.seqOffset });
  });

  it.each([
    [0x00, 1],
    [0xff, 1_024],
  ])("counts from a small positive number, whatever is drawn (%i)", async (byte, seqOffset) => {
    Object.assign(gate.deps.random, { bytes: (count: number) => Buffer.alloc(count, byte) });
    const { sealing } = await accepted(anAttempt({ keep: "token", sealedPayloads: true }));
    expect(sealing?.seqOffset).toBe(seqOffset);
  });

  it("is not given to a session that lives as its connection", async () => {
    expect(await accepted(anAttempt())).not.toHaveProperty("token");
    expect(gate.sessions).toHaveProperty("size", 0);
  });
});

describe("an outage", () => {
  it.each([
    ["of the look-up", "lookup", "findCredentials"],
    ["of the activation", "registry", "activate"],
    ["of the sessions", "sessions", "save"],
  ] as const)("%s is a fault, never an answer", async (_, port, method) => {
    gate.add(DEVICE, DEVICE_SECRET, { activated: false });
    Object.assign(gate.deps[port], { [method]: () => Promise.reject(new Error("connection refused")) });
    await expect(gate.authenticator.authenticate(anAttempt({ keep: "token" }))).rejects.toThrow("connection refused");
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
