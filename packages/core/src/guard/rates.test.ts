import { describe, expect, it } from "vitest";
import { aClock } from "../../test/a-clock.ts";
import { aDevice } from "../../test/an-attempt.ts";
import { createRates, NO_RATES } from "./rates.ts";

const ONE = aDevice("device_01");
const OTHER = aDevice("device_02");

function someRates(settings: Partial<typeof NO_RATES>) {
  const clock = aClock();
  const rates = createRates({ clock, settings: { ...NO_RATES, ...settings } });
  return { rates, pass: clock.pass };
}

it("nothing is limited where nothing is set", () => {
  const { rates } = someRates({});
  for (let i = 0; i < 1_000; i += 1) {
    expect(rates.takeLogin(ONE)).toBeUndefined();
    expect(rates.takeUplink(ONE, { qos: 1, waits: false })).toBe(0);
  }
  expect(rates.takeDownlink(ONE, 1_000)).toBe(1_000);
});

describe("messages of a device", () => {
  const take = (rates: ReturnType<typeof createRates>, device = ONE) =>
    rates.takeUplink(device, { qos: 1, waits: false });

  it("are counted by QoS, and every device by itself", () => {
    const { rates, pass } = someRates({ deviceQos0PerSecond: 30, deviceQos1PerSecond: 10 });
    for (let i = 0; i < 10; i += 1) expect(take(rates)).toBe(0);
    expect(take(rates)).toBe(100);
    expect(rates.takeUplink(ONE, { qos: 0, waits: false })).toBe(0);
    expect(take(rates, OTHER)).toBe(0);
    pass(100);
    expect(take(rates)).toBe(0);
    expect(take(rates)).toBe(100);
  });

  it("that wait get their turns one after the other", () => {
    const { rates } = someRates({ deviceQos1PerSecond: 10 });
    const waits = Array.from({ length: 13 }, () => rates.takeUplink(ONE, { qos: 1, waits: true }));
    expect(waits.slice(9)).toEqual([0, 100, 200, 300]);
  });

  it("that are refused for their product use nothing of the device's rate up", () => {
    const { rates, pass } = someRates({ deviceQos1PerSecond: 2, productMessagesPerSecond: 1 });
    expect(take(rates)).toBe(0);
    for (let i = 0; i < 5; i += 1) expect(take(rates, OTHER)).toBe(1_000);
    pass(1_000);
    expect(take(rates, OTHER)).toBe(0);
  });
});

it("logins of a device and of a product are limited apart", () => {
  const { rates, pass } = someRates({ deviceLoginsPerMinute: 5, productLoginsPerSecond: 8 });
  for (let i = 0; i < 5; i += 1) expect(rates.takeLogin(ONE)).toBeUndefined();
  expect(rates.takeLogin(ONE)).toMatchObject({ code: "throttled", retryAfterMs: 12_000 });
  for (let i = 0; i < 3; i += 1) expect(rates.takeLogin(aDevice(`device_1${i}`))).toBeUndefined();
  expect(rates.takeLogin(OTHER)).toMatchObject({ code: "throttled", retryAfterMs: 125 });
  pass(125);
  expect(rates.takeLogin(OTHER)).toBeUndefined();
});

it("messages to a device are given as many as it may get, and the rest in its time", () => {
  const { rates, pass } = someRates({ deviceDownlinkPerSecond: 50 });
  expect(rates.takeDownlink(ONE, 80)).toBe(50);
  expect(rates.takeDownlink(ONE, 30)).toBe(0);
  expect(rates.downlinkWaitMs(ONE)).toBe(20);
  pass(200);
  expect(rates.takeDownlink(ONE, 30)).toBe(10);
});
