import { findUnstorable } from "@trine/core/messaging";
import { z } from "zod";
import { type ParsedObject, parseObject } from "../kit/alink/parse-object.ts";
import { crc16 } from "./checksums.ts";

/** wire-format 8.5. */
export const MOST_FILE_BYTES = 16 * 1_048_576;
const LENGTH_BYTES = 2;
const CRC_BYTES = 2;

const init = z.object({
  fileName: z.string().regex(/^[A-Za-z0-9_.]{1,100}$/),
  fileSize: z.union([z.literal(-1), z.number().int().min(1).max(MOST_FILE_BYTES)]),
  conflictStrategy: z.enum(["overwrite", "append", "reject"]).default("overwrite"),
  ficMode: z.literal("crc64").optional(),
  ficValue: z.string().min(1).max(20).optional(),
  initUid: z.string().min(1).max(64).optional(),
});

/** A file that a device wants to upload. */
export type UploadInit = z.output<typeof init>;

/** Reads what an upload begins with; `undefined` when it is none. `extraParams` are passed over. */
export function parseInit(params: unknown): UploadInit | undefined {
  return init.safeParse(params).data;
}

const named = z.object({ uploadId: z.string().min(1).max(64) });

/** Reads which upload is meant. */
export function parseUploadId(params: unknown): string | undefined {
  return named.safeParse(params).data?.uploadId;
}

const slice = named.extend({
  offset: z.number().int().min(0).max(MOST_FILE_BYTES),
  bSize: z.number().int().min(0).max(MOST_FILE_BYTES),
  isComplete: z.boolean().default(false),
});

/** A piece of a file, as it came. */
export interface Slice {
  readonly uploadId: string;
  readonly offset: number;
  readonly isComplete: boolean;
  readonly bytes: Buffer;
  /** Whether its checksum is right. */
  readonly isWhole: boolean;
}

/**
 * Reads a slice (wire-format 8.5): the length of the head (2 bytes, big-endian), the head as JSON, the bytes, and their CRC-16 (2 bytes,
 * little-endian).
 *
 * @returns the head as far as it is JSON, so that it can be answered, and the slice unless it is malformed.
 */
export function parseSlice(payload: Buffer): { readonly head?: ParsedObject; readonly slice?: Slice } {
  if (payload.length < LENGTH_BYTES) return {};
  const end = LENGTH_BYTES + payload.readUInt16BE();
  const head = end <= payload.length ? parseObject(payload.subarray(LENGTH_BYTES, end)) : undefined;
  if (!head) return {};
  const { params } = head.members;
  const { data } = slice.safeParse(findUnstorable(params) ? undefined : params);
  const bytes = payload.subarray(end, -CRC_BYTES);
  if (!data || payload.length !== end + data.bSize + CRC_BYTES) return { head };
  const { uploadId, offset, isComplete } = data;
  const isWhole = payload.readUInt16LE(payload.length - CRC_BYTES) === crc16(bytes);
  return { head, slice: { uploadId, offset, isComplete, bytes, isWhole } };
}
