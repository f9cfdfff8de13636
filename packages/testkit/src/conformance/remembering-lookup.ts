import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { DeviceCredentials, DeviceLookup, RevocationTarget } from "@trine/core/ports";

/** A look-up that remembers its answers, "there is none" included, until they are evicted. */
export interface RememberingLookup extends DeviceLookup {
  evict(target: RevocationTarget): void;
}

/** The plainest cache that may stand in front of a registry, for scenarios with negative caching. */
export function createRememberingLookup(lookup: DeviceLookup): RememberingLookup {
  const known = new Map<string, { device: DeviceRef; credentials: DeviceCredentials | undefined }>();
  return {
    async findCredentials(device) {
      const remembered = known.get(deviceKey(device));
      if (remembered) return remembered.credentials;
      const credentials = await lookup.findCredentials(device);
      known.set(deviceKey(device), { device, credentials });
      return credentials;
    },
    evict(target) {
      for (const [key, { device }] of known) {
        const isMeant = "device" in target ? key === deviceKey(target.device) : device.productKey === target.productKey;
        if (isMeant) known.delete(key);
      }
    },
  };
}
