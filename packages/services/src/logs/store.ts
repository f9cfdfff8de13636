import type { DeviceRef } from "@trine/core/certificate";

/** A line of a device's log. */
export interface LogRecord {
  /** Grows with each record of the device. */
  readonly position: number;
  /** Wall clock. */
  readonly receivedAtMs: number;
  readonly text: string;
}

/** Keeps what devices report of themselves. Every method throws when the store cannot answer. */
export interface LogStore {
  /** Whether the device is to report. A device that nobody switched is not. */
  isOn(device: DeviceRef): Promise<boolean>;
  turn(device: DeviceRef, isOn: boolean): Promise<void>;
  /** Appends records and drops the device's oldest above `keep`. The same ones again are appended again. */
  append(device: DeviceRef, records: readonly string[], at: { nowMs: number; keep: number }): Promise<void>;
  /** Newest first. @param page.before positions below this. */
  list(device: DeviceRef, page: { limit: number; before?: number }): Promise<readonly LogRecord[]>;
  clear(device: DeviceRef): Promise<void>;
}
