import { expect, it } from "vitest";
import { createHandshakeSlots } from "./handshake-slots.ts";

function slotsOf(most: number) {
  const taken: number[] = [];
  const slots = createHandshakeSlots(most, (count) => taken.push(count));
  const order: string[] = [];
  /** Takes a place and notes when it has it. */
  function take(name: string, address: string, signal = new AbortController().signal) {
    return slots.take(address, signal).then((release) => {
      if (release) order.push(name);
      return release;
    });
  }
  return { taken, order, take };
}

/** Lets what is settled be heard. */
const settle = () => new Promise((done) => setImmediate(done));

it("who finds no place waits for one, first come first served", async () => {
  const { order, take, taken } = slotsOf(1);
  const first = await take("first", "192.0.2.1");
  const second = take("second", "192.0.2.2");
  void take("third", "192.0.2.3");
  await settle();
  expect(order).toEqual(["first"]);
  first?.();
  (await second)?.();
  await settle();
  expect(order).toEqual(["first", "second", "third"]);
  expect(Math.max(...taken)).toBe(1);
});

it("one address has a quarter of the places at the most, and others pass by those of it who wait", async () => {
  const { order, take } = slotsOf(8);
  const [first] = await Promise.all([take("a1", "192.0.2.1"), take("a2", "192.0.2.1")]);
  void take("a3", "192.0.2.1");
  await take("b1", "192.0.2.2");
  expect(order).toEqual(["a1", "a2", "b1"]);
  first?.();
  await settle();
  expect(order).toEqual(["a1", "a2", "b1", "a3"]);
});

it("a place that is given back twice is one place", async () => {
  const { order, take } = slotsOf(1);
  const first = await take("first", "192.0.2.1");
  void take("second", "192.0.2.2");
  void take("third", "192.0.2.3");
  first?.();
  first?.();
  await settle();
  expect(order).toEqual(["first", "second"]);
});

it("who goes while it waits gets no place, and none is lost by it", async () => {
  const { order, take, taken } = slotsOf(1);
  const gone = new AbortController();
  const first = await take("first", "192.0.2.1");
  const second = take("second", "192.0.2.2", gone.signal);
  void take("third", "192.0.2.3");
  gone.abort();
  expect(await second).toBeUndefined();
  first?.();
  await settle();
  expect(order).toEqual(["first", "third"]);
  expect(taken.at(-1)).toBe(1);
});

it("who is gone already is not waited for", async () => {
  const { take } = slotsOf(1);
  expect(await take("nobody", "192.0.2.1", AbortSignal.abort())).toBeUndefined();
});
