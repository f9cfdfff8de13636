import { expect, it } from "vitest";
import { aClock } from "../../test/a-clock.ts";
import { isRefusal } from "../auth/refusal.ts";
import { createAdmission } from "./admission.ts";

function anAdmission(settings: Partial<Parameters<typeof createAdmission>[0]["settings"]>, draw = () => 0x8000) {
  const clock = aClock();
  const random = {
    bytes(count: number) {
      const bytes = Buffer.alloc(count);
      bytes.writeUInt16BE(draw());
      return bytes;
    },
  };
  const off = { loginsPerSecond: 0, loginBurst: 1, loginsUnderWay: 0 };
  const admission = createAdmission({ clock, random, settings: { ...off, ...settings }, hasRoom: () => true });
  const enter = () => {
    const outcome = admission.enter();
    return isRefusal(outcome) ? outcome : ("in" as const);
  };
  return { admission, enter, pass: clock.pass };
}

it("nobody is refused where nothing is set", () => {
  const { enter } = anAdmission({});
  for (let i = 0; i < 10_000; i += 1) expect(enter()).toBe("in");
});

it("after a burst, as many logins come in as the rate says", () => {
  const { enter, pass } = anAdmission({ loginsPerSecond: 100, loginBurst: 50 });
  const taken = () => Array.from({ length: 500 }, enter).filter((outcome) => outcome === "in").length;
  expect(taken()).toBe(50);
  pass(1_000);
  expect(taken()).toBe(50);
  pass(100);
  expect(taken()).toBe(10);
});

it("who is refused is told when it would be its turn behind all that were refused before it", () => {
  const { enter, pass } = anAdmission({ loginsPerSecond: 100, loginBurst: 1 });
  enter();
  const times = Array.from({ length: 1_000 }, enter).map((outcome) => (outcome === "in" ? 0 : outcome.retryAfterMs));
  expect(times[0]).toBe(1_000);
  expect(times[999]).toBe(10_000);
  pass(5_000);
  enter();
  const later = enter();
  expect(later === "in" ? 0 : later.retryAfterMs).toBe(5_010);
});

it("the time to come again is spread, and never more than a minute and a half", () => {
  let draw = 0;
  const { enter } = anAdmission({ loginsPerSecond: 10, loginBurst: 1 }, () => draw);
  enter();
  const times: number[] = [];
  for (let i = 0; i < 100_000; i += 1) {
    draw = (i * 7_919) % 0x10000;
    const outcome = enter();
    if (outcome !== "in") times.push(outcome.retryAfterMs ?? 0);
  }
  const late = times.slice(-10_000);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(30_000);
  expect(Math.max(...late)).toBeLessThanOrEqual(90_000);
  expect(new Set(late).size).toBeGreaterThan(5_000);
});

it("no more logins are under way than may be, and each that ends makes room for one", () => {
  const { admission } = anAdmission({ loginsUnderWay: 2 });
  const [first, second] = [admission.enter(), admission.enter()];
  expect(admission.enter()).toMatchObject({ code: "busy", retryAfterMs: expect.any(Number) });
  if (!isRefusal(first)) first();
  expect(isRefusal(second)).toBe(false);
  expect(isRefusal(admission.enter())).toBe(false);
  expect(admission.enter()).toMatchObject({ code: "busy" });
});
