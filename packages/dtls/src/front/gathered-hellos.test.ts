import { expect, it } from "vitest";
import { HANDSHAKE } from "../wire/handshake-fragment.ts";
import { createGatheredHellos } from "./gathered-hellos.ts";

const MOST = 256;
const head = Buffer.from("head");

/** Half of a hello of `length` bytes. */
function half(offset: 0 | 1, length = 4) {
  const body = Buffer.alloc(length / 2, offset);
  return { type: HANDSHAKE.clientHello, length, messageSequence: 1, offset: offset * (length / 2), body };
}

it("a hello is whole with its last piece, once", () => {
  const hellos = createGatheredHellos();
  hellos.begin("peer", head, half(0));
  expect(hellos.add("peer", half(1))).toEqual({ head, message: Buffer.of(0, 0, 1, 1) });
  expect(hellos.add("peer", half(1))).toBeUndefined();
});

it("pieces of a hello that nobody began are not kept", () => {
  const hellos = createGatheredHellos();
  expect(hellos.add("peer", half(1))).toBeUndefined();
  hellos.begin("peer", head, half(0));
  expect(hellos.add("other", half(1))).toBeUndefined();
  expect(hellos.add("peer", half(1))).toBeDefined();
});

it("so many are kept, and one more takes the place of the oldest", () => {
  const hellos = createGatheredHellos();
  for (let peer = 0; peer <= MOST; peer += 1) hellos.begin(`peer ${peer}`, head, half(0));
  const whole = Array.from({ length: MOST + 1 }, (_, peer) => hellos.add(`peer ${peer}`, half(1)) !== undefined);
  expect(whole.indexOf(true)).toBe(1);
  expect(whole.filter(Boolean)).toHaveLength(MOST);
});

it("one that is longer than 4096 bytes is never whole", () => {
  const hellos = createGatheredHellos();
  hellos.begin("long", head, half(0, 4_096));
  expect(hellos.add("long", half(1, 4_096))?.message).toHaveLength(4_096);
  hellos.begin("too long", head, half(0, 4_098));
  expect(hellos.add("too long", half(1, 4_098))).toBeUndefined();
});
