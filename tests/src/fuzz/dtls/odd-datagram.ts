import { CONTENT } from "../../../../packages/dtls/src/wire/record.ts";
import type { RandomSource } from "../random-source.ts";
import { writePiece, writeRecord } from "./write-records.ts";

const EPOCHS: readonly [number, ...number[]] = [0, 1, 2, 0xffff];
const TYPES: readonly [number, ...number[]] = [0, 1, 2, 3, 11, 14, 16, 20, 255];

/** A datagram that no client sends at that time. @param sound one that a client has sent or could send now. */
export function oddDatagram(random: RandomSource, sound: Buffer): Buffer {
  const odd = random.pick(ODD)(random, Buffer.from(sound));
  return random.once(6) ? Buffer.concat([odd, random.once(2) ? sound : oddDatagram(random, sound)]) : odd;
}

type Odd = (random: RandomSource, sound: Buffer) => Buffer;

const ODD: readonly [Odd, ...Odd[]] = [
  // Another epoch.
  (random, sound) => put(sound, { at: 3, bytes: 2, value: random.pick(EPOCHS) }),
  // More than there is: the record, its message, where its piece begins, and how long that is.
  (random, sound) => put(sound, { at: 11, bytes: 2, value: random.pick([0, 1, 11, 12, 0x4001, 0xffff]) }),
  (random, sound) => put(sound, { at: 14, bytes: 3, value: random.pick([0, 1, 4_096, 4_097, 0xffffff]) }),
  (random, sound) => put(sound, { at: 19, bytes: 3, value: random.pick([0, 1, 0xffffff]) }),
  (random, sound) => put(sound, { at: 22, bytes: 3, value: random.pick([0, 1, 0xffffff]) }),
  (random) => {
    const body = random.pick([[1, 0], [2, 40], [2, 0], [1, 90], [2], []]);
    return writeRecord({ type: CONTENT.alert, epoch: random.pick(EPOCHS), body: Buffer.from(body) });
  },
  (random) => {
    const type = random.pick([20, 21, 22, 23, 24, 0, 255]);
    return writeRecord({ type, epoch: random.pick(EPOCHS), body: random.bytes(random.length(60)) });
  },
  // A piece of a message that nobody began, and an empty one.
  (random) => {
    const message = { type: random.pick(TYPES), messageSequence: random.below(4), body: random.bytes(200) };
    return writePiece(message, random.between(0, 50), random.between(50, 200));
  },
  (random) => writePiece({ type: random.pick(TYPES), messageSequence: random.below(4), body: Buffer.alloc(0) }),
  (random) => Buffer.alloc(random.pick([0, 1, 12, 13, 25, 1_500, 1_501, 65_507]), random.word()),
];

function put(sound: Buffer, { at, bytes, value }: { at: number; bytes: number; value: number }): Buffer {
  if (at + bytes <= sound.length) sound.writeUIntBE(value, at, bytes);
  return sound;
}
