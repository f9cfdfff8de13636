import { type DeviceRef, deviceKey, parseDeviceRef } from "@trine/core/certificate";
import { z } from "zod";

const MOST_FOUND = 100;

const list = z
  .array(z.object({ productKey: z.string(), deviceName: z.string() }))
  .min(1)
  .max(MOST_FOUND);

/** Reads which devices a gateway found, each once; `undefined` when they are none, too many, or one has names that no device has. */
export function parseFound(params: unknown): readonly DeviceRef[] | undefined {
  const { data } = list.safeParse(params);
  const found = new Map<string, DeviceRef>();
  for (const { productKey, deviceName } of data ?? []) {
    const device = parseDeviceRef(productKey, deviceName);
    if (!device) return undefined;
    found.set(deviceKey(device), device);
  }
  return data && [...found.values()];
}
