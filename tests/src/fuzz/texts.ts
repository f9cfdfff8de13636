import type { RandomSource } from "./random-source.ts";

/** Texts that parsers and stores of other projects have stumbled over. */
const NASTY: readonly [string, ...string[]] = [
  "",
  " ",
  "\0",
  "\ufeff",
  "\ud800",
  "\udc00x",
  "\u202e",
  "a\u0301",
  "\u00e1",
  "ｄｅｖｉｃｅ＿０１",
  "dеvice_01",
  "device_01.",
  "DEVICE_01",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "../../etc/passwd",
  "..%2f..%2f",
  "%00",
  "%zz",
  "%2f",
  "//",
  "+",
  "#",
  "$share/g/#",
  "a/b",
  "a|b",
  "a&b",
  "a=b,c=d",
  "-1",
  "1e999",
  "NaN",
  "null",
  "9".repeat(400),
  "\r\nSet-Cookie: x",
  "';drop table devices;--",
  "{{7*7}}",
  "<script>alert(1)</script>",
];

const NAME = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_@.:";

/** A text of the alphabet of names. */
export function nameText(random: RandomSource, least: number, most: number): string {
  let text = "";
  for (let left = random.between(least, most); left > 0; left -= 1) text += NAME.charAt(random.below(NAME.length));
  return text;
}

/** Letters and digits. */
export function keyText(random: RandomSource, least: number, most: number): string {
  let text = "";
  for (let left = random.between(least, most); left > 0; left -= 1) text += NAME.charAt(random.below(62));
  return text;
}

/** Hex digits of one case or both. */
export function hexText(random: RandomSource, bytes: number): string {
  const hex = random.bytes(bytes).toString("hex");
  return random.once(2) ? hex : hex.toUpperCase();
}

/** Any text: nasty, printable, or arbitrary UTF-16 code units, halves of surrogate pairs among them. */
export function anyText(random: RandomSource, most = 40): string {
  switch (random.below(4)) {
    case 0:
      return random.pick(NASTY);
    case 1:
      return nameText(random, 0, most);
    case 2:
      return random.bytes(random.length(most)).toString("latin1");
    default:
      return String.fromCharCode(...random.times(random.length(most), () => random.word() & 0xffff));
  }
}

/** A number as JSON may hold one. */
function anyNumber(random: RandomSource): number {
  return random.pick([0, -0, 1, -1, 0.1, 1e308, 2 ** 53, random.word(), random.below(1000), 1_524_448_722_000]);
}

/** A JSON value, nested at most `depth` deep. */
export function anyJson(random: RandomSource, depth = 3): unknown {
  switch (random.below(depth > 0 ? 7 : 5)) {
    case 0:
      return anyNumber(random);
    case 1:
      return random.once(2);
    case 2:
      return null;
    case 3:
    case 4:
      return anyText(random);
    case 5:
      return random.times(random.length(5), () => anyJson(random, depth - 1));
    default:
      return anyObject(random, depth - 1);
  }
}

function anyObject(random: RandomSource, depth: number): Record<string, unknown> {
  return Object.fromEntries(random.times(random.length(5), () => [anyText(random, 12), anyJson(random, depth)]));
}
