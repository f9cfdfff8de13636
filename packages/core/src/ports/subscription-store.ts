import type { DeviceRef } from "../certificate/names.ts";

export interface Subscription {
  readonly filter: string;
  readonly qos: 0 | 1;
}

/**
 * What a device that asked for a lasting session is subscribed to (wire-format 2.6). Durable when the promise resolves.
 */
export interface SubscriptionStore {
  /** The subscriptions, or `undefined` when the device has no lasting session. An empty list is a session without subscriptions. */
  load(device: DeviceRef): Promise<readonly Subscription[] | undefined>;
  /** Starts a lasting session if there is none, and adds or replaces subscriptions by filter. */
  add(device: DeviceRef, subscriptions: readonly Subscription[]): Promise<void>;
  remove(device: DeviceRef, filters: readonly string[]): Promise<void>;
  /** Ends the lasting session. */
  clear(device: DeviceRef): Promise<void>;
}
