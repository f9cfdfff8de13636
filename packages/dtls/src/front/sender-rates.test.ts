import { expect, it } from "vitest";
import { createSenderRates } from "./sender-rates.ts";

function ratesAt(perSecond: number) {
  const clock = { ms: 1_000 };
  return { clock, rates: createSenderRates(perSecond, () => clock.ms) };
}

it("a sender does as much at once as it may in a second, and no more", () => {
  const { rates } = ratesAt(3);
  expect([1, 2, 3, 4].map(() => rates.take("192.0.2.1"))).toEqual([true, true, true, false]);
});

it("what was used comes back with time, up to one second's worth", () => {
  const { clock, rates } = ratesAt(2);
  for (let count = 0; count < 3; count += 1) rates.take("192.0.2.1");
  clock.ms += 499;
  expect(rates.take("192.0.2.1")).toBe(false);
  clock.ms += 1;
  expect(rates.take("192.0.2.1")).toBe(true);
  clock.ms += 60_000;
  expect([1, 2, 3].map(() => rates.take("192.0.2.1"))).toEqual([true, true, false]);
});

it("what was refused costs nothing", () => {
  const { clock, rates } = ratesAt(1);
  expect(rates.take("192.0.2.1")).toBe(true);
  for (let count = 0; count < 100; count += 1) rates.take("192.0.2.1");
  clock.ms += 1_000;
  expect(rates.take("192.0.2.1")).toBe(true);
});

it("an IPv4 address counts by itself, however its socket writes it; IPv6 addresses of one network count together", () => {
  const { rates } = ratesAt(1);
  expect(rates.take("192.0.2.1")).toBe(true);
  expect(rates.take("::ffff:192.0.2.1")).toBe(false);
  expect(rates.take("192.0.2.2")).toBe(true);
  expect(rates.take("2001:db8::1")).toBe(true);
  expect(rates.take("2001:db8:0:0:ffff::2")).toBe(false);
  expect(rates.take("2001:db8:0:1::1")).toBe(true);
});
