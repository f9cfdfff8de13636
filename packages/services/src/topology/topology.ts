import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { DeviceCarrier } from "@trine/core/ports";
import type { ServiceHost } from "../contracts.ts";
import type { TopologyNews } from "./news.ts";
import type { BindProblem, NewLink, TopologyStore } from "./store.ts";

/** Who asks for a change. */
export interface By {
  /** The gateway itself, over this connection; absent: somebody else, and the gateway is told. */
  readonly gateway?: { readonly carrier?: DeviceCarrier };
}

/** Changes of who is behind whom, with what has to follow: sessions end, gateways and applications are told. */
export interface Topology {
  /** @returns the devices that were not behind it before, or why nothing changed. */
  add(gateway: DeviceRef, devices: readonly DeviceRef[], by: By): Promise<readonly NewLink[] | BindProblem>;
  /** @returns the devices that were behind it. */
  remove(gateway: DeviceRef, devices: readonly DeviceRef[], by: By): Promise<readonly DeviceRef[]>;
}

interface Deps {
  readonly host: ServiceHost;
  readonly store: TopologyStore;
  readonly news: TopologyNews;
  /** Devices behind one gateway (wire-format 10). */
  readonly most: number;
}

export function createTopology({ host, store, news, most }: Deps): Topology {
  /** A product may say that its devices stay where they are. */
  async function mayMove(device: DeviceRef): Promise<boolean> {
    const credentials = await host.lookup.findCredentials(device);
    return credentials?.product.policy.onOtherGateway !== "refuse";
  }

  /** Sessions over the gateway's connection end, on whichever node it is. */
  async function part(gateway: DeviceRef, devices: readonly DeviceRef[], by: By): Promise<void> {
    for (const device of devices) {
      await by.gateway?.carrier?.leave(device, "parted");
      await host.connections.part(device, gateway);
    }
  }

  async function moved(links: readonly NewLink[]): Promise<void> {
    for (const { device, from } of links) {
      if (!from) continue;
      await part(from, [device], {});
      await news.tellGateway(from, "remove", [device]);
      await news.announce(from, "remove", [device]);
    }
  }

  return {
    async add(gateway, devices, by) {
      const wanted = await Promise.all(devices.map(async (device) => ({ device, mayMove: await mayMove(device) })));
      const bound = await store.bind(gateway, wanted, { most, atMs: host.clock.nowMs() });
      if (typeof bound === "string" || bound.length === 0) return bound;
      const added = bound.map(({ device }) => device);
      await moved(bound);
      if (!by.gateway) await news.tellGateway(gateway, "add", added);
      await news.announce(gateway, "add", added);
      return bound;
    },
    async remove(gateway, devices, by) {
      const removed = await store.unbind(gateway, devices);
      // Also of those that were taken away before, should that have been cut off half-way.
      await part(gateway, devices, by);
      if (removed.length === 0) return removed;
      if (!by.gateway) await news.tellGateway(gateway, "remove", removed);
      await news.announce(gateway, "remove", removed);
      return removed;
    },
  };
}

/** Whether two names are of one device. */
export function isSame(one: DeviceRef | undefined, other: DeviceRef): boolean {
  return one !== undefined && deviceKey(one) === deviceKey(other);
}
