import type { DeviceRef } from "../certificate/names.ts";

/** Where a device's connection is. `epoch` grows with every claim of that device, for ever. */
export interface DeviceLocation {
  readonly nodeId: string;
  /** Unique for ever, over all nodes. */
  readonly connectionId: string;
  readonly epoch: number;
  /** What its node has to say about it, as it was claimed: opaque here. */
  readonly about: string;
}

/** Where a device was claimed from, and since when by the clock of the store. */
export interface Sighting {
  /** What the claimer said: opaque here. */
  readonly place: string;
  readonly atMs: number;
}

/** Who wants to hold a device. */
export interface Claimant {
  readonly nodeId: string;
  readonly connectionId: string;
  readonly about: string;
  /** Where the device is, to tell one that moves from several with one certificate; without control characters. Absent: not noted. */
  readonly place?: string;
}

/** A claim that was made. */
export interface Claim {
  readonly epoch: number;
  readonly replaced?: DeviceLocation;
  /** The last places of the device, oldest first; only when this one is another than the one before. */
  readonly trail?: readonly Sighting[];
}

/**
 * Which node holds the connection of which device, which nodes watch its mailbox, and which nodes live.
 *
 * A location says where a device was claimed last, and stays until it is given up: its node may have died a moment ago. Whoever sends
 * something there learns it by the missing reply; `abandoned` names what such a node leaves behind.
 */
export interface DeviceDirectory {
  /**
   * Makes `nodeId` the holder, whoever held it before: the newest claim wins.
   * Epochs of one device are strictly increasing over all nodes and restarts, and safe integers.
   * @returns the new epoch and the location that was replaced.
   */
  claim(device: DeviceRef, claimant: Claimant): Promise<Claim>;
  /** As `claim`, except while the device is contested and held from another place: then nothing is claimed, and it stays contested for as long again. */
  claimUnlessContested(device: DeviceRef, claimant: Claimant): Promise<Claim | undefined>;
  /** Makes the device contested for `forMs`. */
  contest(device: DeviceRef, forMs: number): Promise<void>;
  /** Gives the device up, only if the location is still the newest. @returns whether it was. */
  release(device: DeviceRef, location: Pick<DeviceLocation, "nodeId" | "connectionId" | "epoch">): Promise<boolean>;
  /** The newest location, or `undefined` when nobody holds the device. */
  locate(device: DeviceRef): Promise<DeviceLocation | undefined>;
  /** Has `reach` name a node for `forMs`, because it waits there for messages without holding the connection. */
  watch(device: DeviceRef, nodeId: string, forMs: number): Promise<void>;
  /** Every node that a hint about the device's mailbox has to go to: that of its connection, and those that watch. One look-up. */
  reach(device: DeviceRef): Promise<readonly string[]>;
  /**
   * Devices whose connection is on a node that has no lease, at most `limit`, for one caller at a time: nobody else gets devices of the
   * same node for some seconds. Give each up with `release`; what is given up, or was claimed again, is not named any more.
   */
  abandoned(
    caller: string,
    limit: number,
  ): Promise<readonly { readonly device: DeviceRef; readonly location: DeviceLocation }[]>;
  /** Starts or renews the lease of a node. */
  renewNode(nodeId: string, leaseMs: number): Promise<void>;
  /** Ends the lease at once: a node that stops on purpose. */
  endNode(nodeId: string): Promise<void>;
  /** Nodes whose lease lives. */
  liveNodes(): Promise<readonly string[]>;
}
