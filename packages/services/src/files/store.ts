import type { DeviceRef } from "@trine/core/certificate";
import type { Slice, UploadInit } from "./parse-upload.ts";

/** A file that is complete. */
export interface StoredFile {
  readonly fileName: string;
  readonly uploadId: string;
  readonly size: number;
  /** CRC-64, in 16 hex digits. */
  readonly crc: string;
  readonly finishedAtMs: number;
}

/** How a slice ended. `gap`: bytes before it are missing. `damaged`: the whole is not what the device said, and is dropped. */
export type SliceOutcome =
  | { readonly is: "taken" | "complete" | "gap"; readonly received: number }
  | { readonly is: "unknown" | "too_large" | "damaged" };

/** Keeps files that devices upload. Everything is committed when its promise resolves; every method throws when the store cannot answer. */
export interface FileStore {
  /**
   * Begins an upload, or goes on with one of the same `initUid`, name and size that is not complete: it may have begun on another node. More
   * than a few unfinished ones of a device drop its oldest.
   *
   * @returns `exists` when the file is there and is not to be touched; `full` when the device has as much as it may.
   */
  begin(
    device: DeviceRef,
    init: UploadInit,
    given: { uploadId: string; nowMs: number },
  ): Promise<{ readonly uploadId: string; readonly offset: number } | "exists" | "full">;
  /** Adds a slice. One that is there already is taken again and changes nothing. The last one completes the file. */
  add(device: DeviceRef, slice: Slice, nowMs: number): Promise<SliceOutcome>;
  /** Drops an upload that is not complete. @returns false when there is none. */
  cancel(device: DeviceRef, uploadId: string): Promise<boolean>;
  /** Complete ones by their names, after `after`. */
  list(device: DeviceRef, page: { limit: number; after?: string }): Promise<readonly StoredFile[]>;
  find(device: DeviceRef, fileName: string): Promise<StoredFile | undefined>;
  findById(uploadId: string): Promise<StoredFile | undefined>;
  read(uploadId: string, range: { start: number; end: number }): AsyncIterable<Buffer>;
  remove(device: DeviceRef, fileName: string): Promise<boolean>;
  /** Drops uploads that nobody went on with since. @returns how many. */
  dropAbandoned(untouchedSinceMs: number, limit: number): Promise<number>;
}
