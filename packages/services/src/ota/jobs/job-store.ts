import type { DeviceRef, ProductKey } from "@trine/core/certificate";
import type { Job, JobOrder, Target } from "./job.ts";
import type { Progress } from "./parse-progress.ts";
import type { TargetState } from "./target-machine.ts";

/** What a device is to run, and under which turn. */
export interface Offer {
  readonly jobId: string;
  readonly productKey: ProductKey;
  readonly firmwareId: string;
  readonly module: string;
  readonly version: string;
  readonly timeoutMs: number;
}

/** A device whose turn came. */
export interface Taken {
  readonly device: DeviceRef;
  /** Which of its turns: whatever is sent for one is sent once. */
  readonly attempt: number;
}

/** What became of sending to a device. */
export interface Sent extends Taken {
  /** Absent: its mailbox has it. Else why not. */
  readonly refusal?: string;
}

/** What one look at the jobs brought. */
export interface Turn {
  readonly job: Offer & { readonly isPushed: boolean };
  readonly taken: readonly Taken[];
}

/** What a device tells. */
export type DeviceNews =
  | { readonly event: "confirmed"; readonly module: string; readonly version: string }
  | { readonly event: "asked"; readonly module?: string }
  | (Progress["told"] & Pick<Progress, "module" | "detail">);

/**
 * Jobs, and where their devices stand. Any number of processes work on it at once; each may die at any moment, and another goes on. Throws when
 * the store cannot answer.
 */
export interface JobStore {
  /** `no_firmware`: it is not there any more. `too_many`: so many jobs of the product have not ended. `unknownDevice`: the product has none of this name. */
  create(
    job: Omit<Job, "state" | "isPlanned" | "busy">,
  ): Promise<"created" | "no_firmware" | "too_many" | { readonly unknownDevice: string }>;
  find(jobId: string): Promise<Job | undefined>;
  /** The newest first. @param request.before the last job of the page before. @param request.products only theirs. */
  list(request: { limit: number; before?: string; products?: readonly ProductKey[] }): Promise<readonly Job[]>;
  /** How many devices stand where. */
  count(jobId: string): Promise<Readonly<Record<TargetState, number>>>;
  /** By name. @param request.after the last device of the page before. */
  targets(jobId: string, request: { limit: number; after?: string; state?: TargetState }): Promise<readonly Target[]>;
  /** @returns `conflict` when the job is in another state than the order asks for. */
  order(jobId: string, order: JobOrder, nowMs: number): Promise<Job | "conflict" | undefined>;
  /**
   * Does what is due of one job: finds out its devices, gives up on those whose time is over, and takes those whose turn it is, at the rate of the
   * job over all callers. Work and time do not grow with the job. What is taken is given out again after `leaseMs` unless it is settled.
   *
   * @returns nothing when no job is due.
   */
  turn(nowMs: number, leaseMs: number): Promise<Turn | undefined>;
  /** Notes what became of sending. */
  settle(jobId: string, sent: readonly Sent[], nowMs: number): Promise<void>;
  /** A device tells something. @returns what it is to run, when it asked and its turn has come. */
  hear(device: DeviceRef, news: DeviceNews, nowMs: number): Promise<Offer | undefined>;
}
