import { beforeEach, describe, expect, it, vi } from "vitest";
import { type AuthAttempt, isRefusal } from "../src/auth/index.ts";
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

async function refused(attempt: AuthAttempt): Promise<string> {
  const outcome = await gate.authenticator.authenticate(attempt);
  return isRefusal(outcome) ? outcome.code : "ok";
}
