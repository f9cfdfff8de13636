import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { SessionHolder } from "@trine/core/messaging";
import type { RevocationTarget } from "@trine/core/ports";
import type { DeviceConnection } from "./device-connection.ts";

/** The connections of this process. A device may have two for the moment in which the newer takes over. */
export interface ConnectionTable extends SessionHolder {
  add(connection: DeviceConnection): void;
  remove(connection: DeviceConnection): void;
  all(): readonly DeviceConnection[];
}

/** Makes an empty table. Entries are told apart by the connection itself, never by the device alone. */
export function createConnectionTable(): ConnectionTable {
  const byDevice = new Map<string, DeviceConnection[]>();

  const of = (device: DeviceRef) => byDevice.get(deviceKey(device)) ?? [];
  const newest = (device: DeviceRef) => of(device).at(-1);

  function end(connections: readonly DeviceConnection[]): number {
    const open = connections.filter(({ wire }) => wire.isOpen());
    for (const { wire } of open) wire.end();
    return open.length;
  }

  function matching(target: RevocationTarget): readonly DeviceConnection[] {
    if ("device" in target) return of(target.device);
    return [...byDevice.values()].flat().filter(({ session }) => session.device.productKey === target.productKey);
  }

  return {
    add(connection) {
      const { device } = connection.session;
      byDevice.set(
        deviceKey(device),
        [...of(device), connection].sort((one, other) => one.epoch - other.epoch),
      );
    },
    remove(connection) {
      const { device } = connection.session;
      const left = of(device).filter((each) => each !== connection);
      if (left.length > 0) byDevice.set(deviceKey(device), left);
      else byDevice.delete(deviceKey(device));
    },
    all: () => [...byDevice.values()].flat(),
    close: async (target) => end(matching(target)),
    closeOlder: async (device, epoch) => end(of(device).filter((connection) => connection.epoch <= epoch)),
    wake: (device) => newest(device)?.pump.run(),
    deliver(device, { topic, payload }) {
      const connection = newest(device);
      if (!connection?.wire.isOpen() || !connection.filters.covers(topic)) return false;
      connection.wire.publishQos0(topic, payload);
      return true;
    },
  };
}
