import { type DeviceRef, deviceKey, parseDeviceRef } from "@trine/core/certificate";

/** Reads a device as a gateway names it. */
export function parseDevice(value: unknown): DeviceRef | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { productKey, deviceName } = value as Record<string, unknown>;
  return typeof productKey === "string" && typeof deviceName === "string"
    ? parseDeviceRef(productKey, deviceName)
    : undefined;
}

/**
 * Reads a list of devices, each with what `parse` makes of it.
 *
 * @returns `undefined` when it is no list, is empty, holds more than `most`, or one device twice.
 */
export function parseList<T extends { readonly device: DeviceRef }>(
  value: unknown,
  most: number,
  parse: (item: unknown) => T | undefined,
): readonly T[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > most) return undefined;
  const items = value.map(parse).filter((item) => item !== undefined);
  const names = new Set(items.map(({ device }) => deviceKey(device)));
  return items.length === value.length && names.size === items.length ? items : undefined;
}

/** As `parseList`, of names alone. */
export function parseDevices(value: unknown, most: number): readonly DeviceRef[] | undefined {
  return parseList(value, most, (item) => {
    const device = parseDevice(item);
    return device && { device };
  })?.map(({ device }) => device);
}
