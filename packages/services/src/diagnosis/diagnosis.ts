/** How a device found its network. */
export interface Diagnosis {
  /** By the clock of the device; absent where it did not say. */
  readonly timeMs?: number;
  readonly receivedAtMs: number;
  /** Whether the device found it just now, or tells of the past. */
  readonly isHistory: boolean;
  /** As it said, `wifi` with `rssi`, `snr`, `per` and `err_stats` for example. */
  readonly network: Readonly<Record<string, unknown>>;
}
