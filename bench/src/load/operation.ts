import type { BenchDevice } from "../bench-devices.ts";

/** One worker's way to do its operation again and again: prepares (connects, say), and answers the operation. */
export type Operation = (context: {
  port: number;
  next: () => BenchDevice | undefined;
}) => Promise<() => Promise<boolean>>;
