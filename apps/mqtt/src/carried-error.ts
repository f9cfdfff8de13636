import type { DeviceRef } from "@trine/core/certificate";
import type { DeviceLookup } from "@trine/core/ports";

/** What a gateway is told about a device behind it (wire-format 7.5). */
const ERRORS = {
  427: "the device logged in elsewhere",
  520: "the device is not logged in",
  521: "the device was deleted",
  522: "the device is disabled",
  6401: "the device is not behind this gateway",
} as const;

export type CarriedErrorCode = keyof typeof ERRORS;

/** The code for the end of a device's session, unless its gateway ended it itself. */
export async function codeOfEnd(device: DeviceRef, why: string, lookup: DeviceLookup): Promise<CarriedErrorCode> {
  if (why === "taken_over") return 427;
  if (why === "parted") return 6401;
  const credentials = await lookup.findCredentials(device);
  if (!credentials) return 521;
  return credentials.disabled ? 522 : 520;
}

/** Writes the message of wire-format 7.5. */
export function carriedError(id: number, code: CarriedErrorCode, { productKey, deviceName }: DeviceRef): Buffer {
  return Buffer.from(JSON.stringify({ id: String(id), code, message: ERRORS[code], data: { productKey, deviceName } }));
}
