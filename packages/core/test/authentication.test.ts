import { beforeEach, describe, expect, it, vi } from "vitest";
import { type AuthAttempt, isRefusal, type Refusal, type Session } from "../src/auth/index.ts";
import { hashSessionToken } from "../src/auth/session-token.ts";
import { derivePayloadKey, Secret } from "../src/certificate/index.ts";
import * as macs from "../src/certificate/mac.ts";
import { aGate, type Gate, NOW_MS } from "./a-gate.ts";
import { aDevice, anAttempt, DEVICE, DEVICE_SECRET, STRANGER } from "./an-attempt.ts";
import { tally } from "./recorded-calls.ts";

// Same functions, counted: MACs are computed by no port.
vi.mock("../src/certificate/mac.ts", { spy: true });

const ROTATING = aDevice("rotating_1");
const SECOND = {
  deviceSecret: "00112233445566778899aabbccddeeff",
  secretVersion: 2,
  graceEndsAtMs: NOW_MS + 1_000,
};

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

describe("a device that does not exist", () => {
  it.each([
    ["without limit", 0],
    ["with a limit on failures", 5],
  ])(
    "costs the same calls, decryptions and MACs as a wrong secret, in a rotation or not, %s",
    async (_, failuresPerPeer) => {
      const costs = [];
      for (const device of [STRANGER, DEVICE, ROTATING]) {
        gate = aGate({ failuresPerPeer });
        gate.add(DEVICE, DEVICE_SECRET);
        gate.add(ROTATING, DEVICE_SECRET, { next: SECOND });
        const attempt = anAttempt({ device, deviceSecret: "wrong" });
        vi.mocked(macs.computeMac).mockClear();
        vi.mocked(macs.macMatches).mockClear();
        expect(await refused(attempt)).toBe("bad_credentials");
        costs.push({
          calls: gate.calls,
          macs: vi.mocked(macs.computeMac).mock.calls.length,
          comparisons: vi.mocked(macs.macMatches).mock.calls.length,
        });
      }
      expect(costs[0]).toEqual(costs[1]);
      expect(costs[0]).toEqual(costs[2]);
      expect(costs[0]).toMatchObject({ macs: 2, comparisons: 2 });
      expect(tally(costs[0]?.calls ?? [])).toMatchObject({ "lookup.findCredentials": 1, "vault.open": 2 });
    },
  );

  it("is refused in the same words; only the operators are told the reason", async () => {
    const stranger = await gate.authenticator.authenticate(anAttempt({ device: STRANGER, deviceSecret: "wrong" }));
    const wrong = await gate.authenticator.authenticate(anAttempt({ deviceSecret: "wrong" }));
    expect(stranger).toMatchObject({ code: "bad_credentials", why: "unknown device" });
    expect(wrong).toMatchObject({ code: "bad_credentials", why: "wrong MAC" });
  });

  it("is refused even under the decoy's own secret", async () => {
    const open = vi.spyOn(gate.deps.vault, "open");
    await refused(anAttempt({ device: STRANGER }));
    const [opened] = open.mock.results;
    const deviceSecret = opened?.type === "return" ? opened.value.reveal() : expect.fail("no decoy was opened");
    expect(await refused(anAttempt({ device: STRANGER, deviceSecret }))).toBe("bad_credentials");
  });
});

describe("a device with two secrets", () => {
  const withFirst = anAttempt({ device: ROTATING });
  const withSecond = anAttempt({ device: ROTATING, deviceSecret: SECOND.deviceSecret });

  beforeEach(() => gate.add(ROTATING, DEVICE_SECRET, { next: SECOND }));

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

describe("a limit on failures", () => {
  beforeEach(() => {
    gate = aGate({ failuresPerPeer: 2 });
    gate.add(DEVICE, DEVICE_SECRET);
  });

  it("refuses a peer that failed too often before anything is looked up", async () => {
    await refused(anAttempt({ deviceSecret: "wrong" }));
    await refused(anAttempt({ device: STRANGER }));
    gate.calls.length = 0;
    expect(await refused(anAttempt())).toBe("throttled");
    expect(gate.calls).toEqual(["limiter.admits"]);
  });

  it("does not lock the device out: another peer logs in", async () => {
    for (let i = 0; i < 3; i += 1) await refused(anAttempt({ deviceSecret: "wrong" }));
    await accepted(anAttempt({ peer: "192.0.2.2" }));
  });

  it("does not count what the owner is refused for", async () => {
    gate.add(DEVICE, DEVICE_SECRET, { disabled: true });
    for (let i = 0; i < 3; i += 1) expect(await refused(anAttempt())).toBe("disabled");
  });

  it("costs a good login one call", async () => {
    await accepted(anAttempt());
    expect(tally(gate.calls)).toEqual({ "limiter.admits": 1, "lookup.findCredentials": 1, "vault.open": 1 });
  });

  it("that is off costs no call", async () => {
    gate = aGate({ failuresPerPeer: 0 });
    await refused(anAttempt({ device: STRANGER }));
    expect(Object.keys(tally(gate.calls)).filter((call) => call.startsWith("limiter"))).toEqual([]);
  });
});

describe("an outage", () => {
  it.each([
    ["of the look-up", "lookup", "findCredentials"],
    ["of the activation", "registry", "activate"],
    ["of the sessions", "sessions", "save"],
    ["of the limiter", "limiter", "admits"],
  ] as const)("%s is a fault, never an answer", async (_, port, method) => {
    gate = aGate({ failuresPerPeer: 2 });
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
