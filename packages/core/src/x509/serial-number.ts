import type { Random } from "../ports/clock.ts";

/** Reads a serial number as people write it: hex, with or without colons and zeros in front. @returns it as `X509Facts` has it. */
export function parseSerialNumber(text: string): string | undefined {
  const hex = text.replaceAll(":", "").toLowerCase();
  if (!/^[0-9a-f]{1,42}$/.test(hex)) return undefined;
  const whole = hex.length % 2 === 0 ? hex : `0${hex}`;
  return whole.replace(/^(00)+(?=.)/, "");
}

/** Reads a SHA-256 fingerprint as people write it: hex, with or without colons. @returns it as `X509Facts` has it. */
export function parseFingerprint(text: string): string | undefined {
  const hex = text.replaceAll(":", "").toLowerCase();
  return /^[0-9a-f]{64}$/.test(hex) ? hex : undefined;
}

/** Draws a serial number: positive, and with 126 bits by chance (RFC 5280 4.1.2.2). */
export function drawSerialNumber(random: Random): string {
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}
