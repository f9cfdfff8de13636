import { isRefusal } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { ServiceHost } from "../contracts.ts";

/** What a change of the topology is called: by the gateway it is told to, and by applications (wire-format 7.2, 9.3). */
export const CHANGES = {
  add: { status: 0 },
  remove: { status: 1 },
  enable: { status: 2 },
  disable: { status: 8 },
} as const;

export type Change = keyof typeof CHANGES;

/** A gateway that was away for so long asks by itself. */
const TTL_MS = 86_400_000;

/** Tells applications and gateways of changes. */
export interface TopologyNews {
  /** Appends to the uplink log what changed behind a gateway. A fault is recorded: the change is committed. */
  announce(gateway: DeviceRef, change: Change, devices: readonly DeviceRef[]): Promise<void>;
  /** Tells the gateway that somebody else changed it. A fault is recorded. */
  tellGateway(gateway: DeviceRef, change: Change, devices: readonly DeviceRef[]): Promise<void>;
  /** Sends something of the vendor's envelope to a device, by its mailbox. A fault is recorded. */
  push(device: DeviceRef, method: string, params: unknown, how?: { qos: 0 | 1 }): Promise<void>;
}

export function createTopologyNews(host: ServiceHost): TopologyNews {
  const { uplink, downlink, lookup, clock, random, recorder } = host;

  /** The id by which applications know a device; one that is gone has none. */
  async function iotIdOf(device: DeviceRef): Promise<string> {
    return (await lookup.findCredentials(device))?.iotId ?? "";
  }

  async function announce(gateway: DeviceRef, change: Change, devices: readonly DeviceRef[]): Promise<void> {
    const told = await Promise.all(devices.map(async (device) => ({ iotId: await iotIdOf(device), ...device })));
    const body = {
      action: change,
      gwIotId: await iotIdOf(gateway),
      gwProductKey: gateway.productKey,
      gwDeviceName: gateway.deviceName,
      devices: told,
      messageCreateTime: clock.nowMs(),
    };
    await uplink.announce(gateway, `/${deviceKey(gateway)}/thing/topo/lifecycle`, body);
  }

  async function push(device: DeviceRef, method: string, params: unknown, { qos }: { qos: 0 | 1 }): Promise<void> {
    const id = String(random.bytes(4).readUInt32BE());
    const payload = Buffer.from(JSON.stringify({ id, version: "1.0", params, method }));
    const topic = `/sys/${deviceKey(device)}/${method.replaceAll(".", "/")}`;
    const sent = await downlink.send(device, { topic, payload, qos, ttlMs: TTL_MS });
    if (isRefusal(sent)) recorder.dropped("topology", sent.code);
  }

  const recorded = (work: Promise<void>) =>
    work.catch((error: unknown) => recorder.fault("service_topology_news", error));

  return {
    announce: (gateway, change, devices) => recorded(announce(gateway, change, devices)),
    tellGateway(gateway, change, devices) {
      const { status } = CHANGES[change];
      return recorded(push(gateway, "thing.topo.change", { status, subList: devices }, { qos: 1 }));
    },
    push: (device, method, params, how = { qos: 1 }) => recorded(push(device, method, params, how)),
  };
}
