import type { Random } from "../ports/clock.ts";
import { type DeviceName, type ProductKey, parseDeviceName, parseProductKey } from "./names.ts";
import { Secret } from "./secret.ts";

/** Letters and digits: what secrets and names are drawn from. */
export const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
// No look-alikes (0/O, 1/l/I): people read drawn names aloud.
const READABLE = "abcdefghijkmnpqrstuvwxyz23456789";

/** Draws a productKey: 11 characters that start as the vendor's do (wire-format 1). */
export function drawProductKey(random: Random): ProductKey {
  return known(parseProductKey(`a1${drawText(random, 9, ALPHANUMERIC)}`));
}

/** Draws a productSecret: 16 letters and digits (wire-format 1). */
export function drawProductSecret(random: Random): Secret {
  return new Secret(drawText(random, 16, ALPHANUMERIC), "ProductSecret");
}

/** Draws a deviceSecret: 32 letters and digits, 190 bits (wire-format 1). */
export function drawDeviceSecret(random: Random): Secret {
  return new Secret(drawText(random, 32, ALPHANUMERIC), "DeviceSecret");
}

/** Draws a deviceName of 16 characters, for devices that are added without one. */
export function drawDeviceName(random: Random): DeviceName {
  return known(parseDeviceName(drawText(random, 16, READABLE)));
}

/** Draws an iotId: 30 characters, opaque (wire-format 1). */
export function drawIotId(random: Random): string {
  return drawText(random, 30, ALPHANUMERIC);
}

/** Draws `length` characters, each as likely as the others: bytes past the last whole multiple of the alphabet are drawn again. */
export function drawText(random: Random, length: number, alphabet: string): string {
  const limit = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < limit && text.length < length) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}

function known<T>(name: T | undefined): T {
  if (name === undefined) throw new Error("a drawn name does not parse");
  return name;
}
