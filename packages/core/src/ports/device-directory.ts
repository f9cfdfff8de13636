import type { DeviceRef } from "../certificate/names.ts";

/** Where a device's connection is. `epoch` grows with every claim of that device, for ever. */
export interface DeviceLocation {
  readonly nodeId: string;
  readonly connectionId: string;
  readonly epoch: number;
}

/**
 * Which node holds the connection of which device. A location counts only while its node's lease lives.
 */
export interface DeviceDirectory {
  /**
   * Makes `nodeId` the holder, whoever held it before: the newest claim wins.
   * Epochs of one device are strictly increasing over all nodes and restarts, and safe integers.
   * @returns the new epoch and the location that was replaced, if its node is alive.
   */
  claim(
    device: DeviceRef,
    holder: { nodeId: string; connectionId: string },
  ): Promise<{ epoch: number; replaced?: DeviceLocation }>;
  /** Gives the device up, only if `epoch` is still the newest. @returns whether it was. */
  release(device: DeviceRef, epoch: number): Promise<boolean>;
  /** The location, or `undefined` when nobody holds the device or the holder's lease is over. */
  locate(device: DeviceRef): Promise<DeviceLocation | undefined>;
  /** Starts or renews the lease of a node. */
  renewNode(nodeId: string, leaseMs: number): Promise<void>;
  /** Ends the lease at once: a node that stops on purpose. */
  endNode(nodeId: string): Promise<void>;
  /** Nodes whose lease lives. */
  liveNodes(): Promise<readonly string[]>;
}
