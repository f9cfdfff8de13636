import { computeMac, stringToSign } from "./mac.ts";
import { type DeviceRef, parseDeviceRef } from "./names.ts";
import type { Secret } from "./secret.ts";
import { unprintable } from "./unprintable.ts";

/** What a device says before a pre-shared-key handshake (wire-format 2.8). */
export interface PskIdentity {
  readonly device: DeviceRef;
  /** Decimal text, as sent. */
  readonly timestamp: string;
}

const IDENTITY = /^devicename\|hmacsha256\|([^&|]+)&([^&|]+)\|(\d{1,20})$/;

/** Reads `devicename|hmacsha256|{pk}&{dn}|{timestamp}` (wire-format 2.8); `undefined` when the text is none. */
export function parsePskIdentity(text: string): PskIdentity | undefined {
  const [, productKey, deviceName, timestamp] = IDENTITY.exec(text) ?? [];
  const device = productKey && deviceName ? parseDeviceRef(productKey, deviceName) : undefined;
  return device && timestamp ? { device, timestamp } : undefined;
}

/** Writes the identity of a device (wire-format 2.8). */
export function formatPskIdentity({ device: { productKey, deviceName }, timestamp }: PskIdentity): string {
  return `devicename|hmacsha256|${productKey}&${deviceName}|${timestamp}`;
}

/** Derives the pre-shared key: the 64 upper-case hex characters of the MAC as ASCII bytes, not the 32 bytes they stand for (wire-format 2.8). */
export function derivePsk(
  deviceSecret: Secret,
  { device: { productKey, deviceName }, timestamp }: PskIdentity,
): Buffer {
  const text = stringToSign({ id: `${productKey}&${deviceName}`, timestamp });
  const hex = computeMac("hmacsha256", deviceSecret, text).toString("hex").toUpperCase();
  return unprintable(Buffer.from(hex, "ascii"), "PreSharedKey");
}
