import { hkdfSync } from "node:crypto";
import type { Random } from "../ports/clock.ts";
import { ALPHANUMERIC } from "./issue.ts";
import { type DeviceRef, deviceKey } from "./names.ts";
import { Secret } from "./secret.ts";

const SEED_BYTES = 32;
const SALT = "trine derived device secret 1";
const LENGTH = 32;

/** Two blocks. One chance in 10^31 is left that too few of them can be used. */
const USUAL_BYTES = 64;
/** All that there is (RFC 5869 2.3). */
const MOST_BYTES = 255 * 32;

/**
 * Derives the deviceSecret of a device: 32 letters and digits, as drawn ones are (wire-format 1).
 *
 * HKDF-SHA-256 (RFC 5869) of the seed, with the text `productKey/deviceName/version` as its info, gives a row of bytes. Those below 248 (four
 * times the alphabet) stand for a character each, the others for none, so that every character is as likely. See docs/decisions/0021.
 *
 * @param seed of the product: 43 characters, base64url of 32 bytes.
 * @param secretVersion counts the device's secrets.
 */
export function deriveDeviceSecret(seed: Secret, device: DeviceRef, secretVersion: number): Secret {
  const key = Buffer.from(seed.reveal(), "base64url");
  const info = `${deviceKey(device)}/${secretVersion}`;
  for (const length of [USUAL_BYTES, MOST_BYTES]) {
    const text = charactersOf(new Uint8Array(hkdfSync("sha256", key, SALT, info, length)));
    if (text.length === LENGTH) return new Secret(text, "DeviceSecret");
  }
  throw new Error("no secret comes of this seed and name");
}

/** Draws the seed of a product whose device secrets are derived. */
export function drawProductSeed(random: Random): Secret {
  return new Secret(random.bytes(SEED_BYTES).toString("base64url"), "ProductSeed");
}

function charactersOf(bytes: Uint8Array): string {
  const limit = 256 - (256 % ALPHANUMERIC.length);
  let text = "";
  for (const byte of bytes) {
    if (byte < limit && text.length < LENGTH) text += ALPHANUMERIC[byte % ALPHANUMERIC.length];
  }
  return text;
}
