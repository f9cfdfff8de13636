import { type DeviceRef, deviceKey } from "@trine/core/certificate";

/** A device in a key: its hash tag puts all its keys into one slot. Neither name can hold a brace. */
export function deviceTag(device: DeviceRef): string {
  return `{${deviceKey(device)}}`;
}
