import type { RandomSource } from "./random-source.ts";

const MOST_CHANGES = 6;
const INTERESTING: readonly [number, ...number[]] = [0, 1, 0x0f, 0x10, 0x7f, 0x80, 0xc0, 0xf0, 0xfe, 0xff];

/** Spoils bytes in one to six places, as line noise and attackers do: changes, cuts, doubles, moves and adds. */
export function mutate(random: RandomSource, bytes: Buffer): Buffer {
  let spoiled: Buffer = Buffer.from(bytes);
  for (let change = random.between(1, MOST_CHANGES); change > 0; change -= 1)
    spoiled = CHANGES[random.below(CHANGES.length)]?.(random, spoiled) ?? spoiled;
  return spoiled;
}

/** `bytes`, or once in `times` what is left of them. */
export function maybeMutate(random: RandomSource, bytes: Buffer, times = 2): Buffer {
  return random.once(times) ? mutate(random, bytes) : bytes;
}

type Change = (random: RandomSource, bytes: Buffer) => Buffer;

const flipBit: Change = (random, bytes) => {
  const at = random.below(bytes.length || 1);
  if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  return bytes;
};

const setByte: Change = (random, bytes) => {
  const at = random.below(bytes.length || 1);
  if (at < bytes.length) bytes[at] = random.once(2) ? random.pick(INTERESTING) : random.word();
  return bytes;
};

const cutEnd: Change = (random, bytes) => bytes.subarray(0, random.below(bytes.length + 1));

const takeOut: Change = (random, bytes) => {
  const { from, to } = range(random, bytes);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
};

const double: Change = (random, bytes) => {
  const { from, to } = range(random, bytes);
  return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
};

const insert: Change = (random, bytes) => {
  const at = random.below(bytes.length + 1);
  const more = random.once(8)
    ? Buffer.alloc(random.length(300), random.pick(INTERESTING))
    : random.bytes(random.length(16));
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
};

const swap: Change = (random, bytes) => {
  const [one, other] = [random.below(bytes.length || 1), random.below(bytes.length || 1)];
  const kept = bytes[one];
  if (kept !== undefined) {
    bytes[one] = bytes[other] ?? 0;
    bytes[other] = kept;
  }
  return bytes;
};

const CHANGES: readonly Change[] = [flipBit, setByte, setByte, cutEnd, takeOut, double, insert, swap];

/** A stretch of at most 64 bytes. */
function range(random: RandomSource, bytes: Buffer): { from: number; to: number } {
  const from = random.below(bytes.length + 1);
  return { from, to: Math.min(bytes.length, from + random.length(64)) };
}
