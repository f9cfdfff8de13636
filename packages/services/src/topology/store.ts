import type { DeviceRef } from "@trine/core/certificate";

/** A device that is to be behind a gateway. */
export interface WantedLink {
  readonly device: DeviceRef;
  /** Whether it may be taken from another gateway that has it. */
  readonly mayMove: boolean;
}

/** A device that came behind a gateway. */
export interface NewLink {
  readonly device: DeviceRef;
  /** The gateway that had it before, if one did. */
  readonly from?: DeviceRef;
}

export interface Link {
  readonly device: DeviceRef;
  /** Wall clock. */
  readonly addedAtMs: number;
}

/** Why nothing was bound. */
export type BindProblem = "full" | "taken" | "gone";

/** Which device is behind which gateway, durable. Every method throws when the store cannot answer. */
export interface TopologyStore {
  /** The gateways that devices are behind, by the `deviceKey` of the device; those that are behind none are not named. */
  gatewaysOf(devices: readonly DeviceRef[]): Promise<ReadonlyMap<string, DeviceRef>>;
  /**
   * Puts devices behind a gateway, all or none: of many callers at once, on whichever node, a device is behind one gateway in the end, and no
   * gateway has more than `most`.
   *
   * @returns those that were not behind it before; `full` when there would be too many, `taken` when another gateway has one that may not
   * move, `gone` when one of them, or the gateway, is no device.
   */
  bind(
    gateway: DeviceRef,
    wanted: readonly WantedLink[],
    at: { most: number; atMs: number },
  ): Promise<readonly NewLink[] | BindProblem>;
  /** Takes devices from behind a gateway. @returns those that were behind it. */
  unbind(gateway: DeviceRef, devices: readonly DeviceRef[]): Promise<readonly DeviceRef[]>;
  /** The devices behind a gateway in the order of their names, at most `limit` behind `after`. */
  behind(gateway: DeviceRef, page: { limit: number; after?: DeviceRef }): Promise<readonly Link[]>;
}
