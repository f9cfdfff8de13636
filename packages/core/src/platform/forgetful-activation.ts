import type { DeviceRegistry } from "../ports/device-registry.ts";
import type { PlatformPorts } from "./platform-ports.ts";

/**
 * Activates, and has the memories of this node forget the device: what they hold says "not activated", and every later login would write
 * again.
 */
export function createForgetfulActivation(
  registry: Pick<DeviceRegistry, "activate">,
  caches: PlatformPorts["caches"],
): Pick<DeviceRegistry, "activate"> {
  return {
    async activate(device, iotId, atMs) {
      const isFirst = await registry.activate(device, iotId, atMs);
      for (const cache of caches) cache.evict({ device });
      return isFirst;
    },
  };
}
