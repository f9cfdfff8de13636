import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { TopologyNews } from "./news.ts";
import type { TopologyStore } from "./store.ts";

const CHANGES = { disable: "disable", enable: "enable", delete: "remove" } as const;

/**
 * Makes what tells a gateway that a device behind it was disabled, enabled or deleted (wire-format 7.2): the device is told by name while its
 * session is there still, enabled when it logs in again.
 */
export function createFollower({
  store,
  news,
}: {
  store: Pick<TopologyStore, "gatewaysOf">;
  news: TopologyNews;
}): (device: DeviceRef, action: keyof typeof CHANGES) => Promise<() => Promise<void>> {
  return async (device, action) => {
    // Asked now: with the device its place is gone.
    const gateway = (await store.gatewaysOf([device])).get(deviceKey(device));
    if (gateway && action !== "enable") await news.push(device, `thing.${action}`, {}, { qos: 0 });
    return async () => {
      if (!gateway) return;
      if (action === "enable") await news.push(device, "thing.enable", {});
      await news.tellGateway(gateway, CHANGES[action], [device]);
      await news.announce(gateway, CHANGES[action], [device]);
    };
  };
}
