import type { DeviceName, ProductKey } from "../certificate/names.ts";
import type { NewDevice } from "./device-registry.ts";

export interface BatchError {
  /** 1-based line or position in what was sent. */
  readonly line: number;
  readonly deviceName: string;
  readonly code: string;
  readonly message: string;
}

/** `held`: it waits to be released; nobody works on it. */
export type BatchStatus = "held" | "pending" | "running" | "done";

export interface BatchRecord {
  readonly batchId: string;
  readonly productKey: ProductKey;
  readonly status: BatchStatus;
  /** Every line that was asked for: `lines` and `errors` of the creation together. */
  readonly total: number;
  /** Devices registered so far. */
  readonly done: number;
  readonly failed: number;
  /** The first 1000 errors by line. */
  readonly errors: readonly BatchError[];
  readonly createdAtMs: number;
}

/** One device that a batch asks for. An absent name is drawn when the line is registered. */
export interface BatchLine {
  readonly line: number;
  readonly deviceName?: DeviceName;
  readonly nickname?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/**
 * Registrations of many devices, each a job that survives the process.
 *
 * What was asked for is stored with the job, so that another process can go on after a crash. A chunk of devices and the
 * progress that it makes are committed together: a batch never counts what is not registered, nor registers what it does not count.
 */
export interface BatchStore {
  /**
   * Stores a new batch, or finds the one that was made with the same idempotency key.
   * `conflict`: the key was used with another `fingerprint` (digest of the request).
   */
  create(batch: {
    batchId: string;
    productKey: ProductKey;
    lines: readonly BatchLine[];
    errors: readonly BatchError[];
    idempotencyKey?: string;
    fingerprint: string;
    createdAtMs: number;
    /** Nobody gets it before `release`. Held batches of the product that are older than a day are forgotten at the next one. */
    held?: boolean;
  }): Promise<{ outcome: "created" | "existing"; batchId: string } | { outcome: "conflict" }>;
  find(batchId: string): Promise<BatchRecord | undefined>;
  /** Lets a held batch be worked on. Of many callers exactly one gets true; `false` when it is not held, or not there. */
  release(batchId: string): Promise<boolean>;
  /**
   * Takes an unfinished batch to work on for `leaseMs`; no other process gets it until then. Oldest first.
   * @returns the batch and the lines that are still to do, in order, at most `limit`.
   */
  claim(
    worker: string,
    leaseMs: number,
    limit: number,
  ): Promise<{ batch: BatchRecord; lines: readonly BatchLine[] } | undefined>;
  /**
   * Registers one chunk and counts it, in one transaction: inserts `devices` (line by line with their `line`), turns taken names
   * into errors `name_taken`, and marks the lines as handled. Renews the worker's lease. The batch is `done` when no line is left.
   * @returns `false` when the worker no longer holds the batch; nothing is written then.
   */
  commitChunk(
    batchId: string,
    worker: string,
    leaseMs: number,
    devices: readonly (NewDevice & { line: number })[],
  ): Promise<boolean>;
}
