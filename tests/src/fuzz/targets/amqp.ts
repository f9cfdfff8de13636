import { parseUsername } from "../../../../apps/amqp/src/access/parse-username.ts";
import { isAccessRefusal } from "../../../../apps/amqp/src/access/refuse-access.ts";
import { readPlain } from "../../../../apps/amqp/src/access/sasl.ts";
import { createByteUnits } from "../../../../apps/amqp/src/wire/byte-units.ts";
import { checkFrame } from "../../../../apps/amqp/src/wire/check-frame.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { maybeMutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyText, keyText, nameText } from "../texts.ts";

const KEYS: readonly [string, ...string[]] = [
  "authMode",
  "signMethod",
  "timestamp",
  "authId",
  "consumerGroupId",
  "encode",
  "iotInstanceId",
  "__proto__",
  "constructor",
];

/** The username of an application (wire-format 9.2). */
export const amqpUsername = pureTarget({
  name: "amqp username",
  share: 30,
  make: (random) => (random.once(2) ? soundUsername(random) : { text: strangeUsername(random), isSound: false }),
  check({ text, isSound }) {
    const parsed = parseUsername(text);
    if (isAccessRefusal(parsed)) {
      must(!isSound, `a sound username was refused: ${parsed.why}`);
      return;
    }
    must(text.startsWith(`${parsed.clientId}|`), "the client id came back as another");
    must(text.includes(`authId=${parsed.accessKeyId}`), "the access key is another than was named");
    must(text.includes(`consumerGroupId=${parsed.group}`), "the group is another than was named");
    must(/^[\w.-]{1,64}$/.test(parsed.group), "the group is none");
    must(Number.isSafeInteger(Number(parsed.timestamp)) || parsed.timestamp.length > 15, "the timestamp is none");
  },
});

/** What an application sends before and after it has signed in (AMQP 1.0, 2.3 and 5.3). */
export const amqpFrames = pureTarget({
  name: "amqp frames",
  share: 30,
  make: (random) => ({ bytes: maybeMutate(random, soundFrames(random)), cut: random.between(1, 40) }),
  check({ bytes, cut }) {
    const units = createByteUnits(4_096);
    let taken = 0;
    for (let at = 0; at < bytes.length; at += cut) {
      units.push(bytes.subarray(at, at + cut));
      for (let unit = units.next("frame"); unit !== undefined; unit = units.next("frame")) {
        if (typeof unit === "string") return;
        must(unit.readUInt32BE() === unit.length, "a frame has another size than it says");
        must(unit.equals(bytes.subarray(taken, taken + unit.length)), "a frame has other bytes than were sent");
        taken += unit.length;
        checkFrame(unit);
        const plain = readPlain(unit);
        must(plain === undefined || !plain.username.includes("\0"), "a username goes on behind its end");
      }
    }
    must(bytes.length - taken < 4_096, "bytes are kept that no frame has room for");
  },
});

function soundUsername(random: RandomSource): { text: string; isSound: boolean } {
  const pairs = [
    "authMode=aksign",
    `signMethod=${random.pick(["hmacmd5", "hmacsha1", "hmacsha256", "HmacSHA1"])}`,
    `timestamp=${random.word()}`,
    `authId=${keyText(random, 16, 24)}`,
    `consumerGroupId=${keyText(random, 1, 64)}`,
  ];
  for (let more = random.length(4); more > 0; more -= 1)
    pairs.splice(random.below(pairs.length + 1), 0, random.pick(["", "=", "iotInstanceId=", "encode=base64", "a=b=c"]));
  return { text: `${nameText(random, 1, 64)}|${pairs.join(",")}|`, isSound: true };
}

function strangeUsername(random: RandomSource): string {
  const pairs = random.times(
    random.length(8),
    () => `${random.pick(KEYS)}${random.pick(["=", "", "=="])}${anyText(random, 12)}`,
  );
  return [anyText(random, 12), pairs.join(","), anyText(random, 4)].slice(0, random.between(1, 3)).join("|");
}

function soundFrames(random: RandomSource): Buffer {
  return Buffer.concat(random.times(random.between(1, 4), () => soundFrame(random)));
}

function soundFrame(random: RandomSource): Buffer {
  const response = Buffer.from(`\0${anyText(random, 30)}\0${anyText(random, 20)}`).subarray(0, 200);
  const init = [0xa3, 5, ...Buffer.from("PLAIN"), 0xa0, response.length, ...response];
  const body = random.pick<readonly number[]>([
    [],
    [0x00, 0x53, 0x41, 0xd0, 0, 0, 0, init.length + 4, 0, 0, 0, 2, ...init],
    [0x00, 0x53, 0x15, 0xc0, 6, 3, 0x41, 0x52, random.below(256), 0x52, random.below(256)],
    [0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x13, 0x45],
    [0x00, 0x53, 0x12, 0xc0, 5, 2, 0xa1, 1, 0x61, 0x43],
    [0x00, 0x53, 0x10, 0xe0, 6, 2, 0xa1, 1, 0x61, 1, 0x62],
    [...random.bytes(random.length(40))],
  ]);
  const frame = Buffer.from([0, 0, 0, 0, 2, random.below(2), 0, 0, ...body]);
  frame.writeUInt32BE(frame.length);
  return frame;
}
