import type { DeviceName, ProductKey } from "@trine/core/certificate";
import type { TargetState } from "./target-machine.ts";

export type JobState = "running" | "paused" | "finished" | "cancelled";

/** Why a job is paused. */
export type JobWhy = "operator" | "failures";

/** Which devices of the product are in a job; all conditions together. A device that runs the version already is not. */
export interface TargetFilter {
  /** Sorted. */
  readonly deviceNames?: readonly string[];
  readonly namePrefix?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** What the module runs now. */
  readonly sourceVersions?: readonly string[];
  /** A part of them, the same ones for each job of the version: those of 5 are among those of 20. */
  readonly percent?: number;
}

/** How a job goes about. */
export interface JobRules {
  readonly filter: TargetFilter;
  /** Whether devices are told. If not, they have to ask. */
  readonly isPushed: boolean;
  /** Devices whose turn comes, over all nodes, in any minute at most. */
  readonly ratePerMinute: number;
  /** How long a device has from its turn until it runs the version. */
  readonly timeoutMs: number;
  /** Further turns of a device that failed. */
  readonly retries: number;
  /** The job pauses itself when more than so many percent of what ended have failed. */
  readonly stopAtPercent?: number;
  /** ... once so many have ended. */
  readonly stopAfter: number;
}

/** A job: a firmware, and the devices that are to run it. */
export interface Job extends JobRules {
  readonly jobId: string;
  readonly productKey: ProductKey;
  readonly firmwareId: string;
  readonly module: string;
  readonly version: string;
  readonly state: JobState;
  readonly why?: JobWhy;
  /** Whether all its devices are known. */
  readonly isPlanned: boolean;
  /** Devices that it passed over, since another job has their turn. */
  readonly busy: number;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly endedAtMs?: number;
}

/** A device in a job. */
export interface Target {
  readonly deviceName: DeviceName;
  readonly state: TargetState;
  readonly attempts: number;
  readonly step?: number;
  /** Why the last attempt failed. */
  readonly reason?: string;
  readonly detail?: string;
  readonly changedAtMs: number;
}

/** What an operator does to a job, and from where it goes where. */
export const JOB_ORDERS = {
  pause: { from: ["running"], to: "paused" },
  resume: { from: ["paused"], to: "running" },
  cancel: { from: ["running", "paused"], to: "cancelled" },
} as const satisfies Record<string, { from: readonly JobState[]; to: JobState }>;

export type JobOrder = keyof typeof JOB_ORDERS;
