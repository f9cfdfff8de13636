import type { Option } from "coap-packet";
import { LRUCache } from "lru-cache";
import { type Block, blockOption } from "./block-option.ts";
import type { Body } from "./json-body.ts";
import type { Response } from "./message-layer.ts";
import { uintOption } from "./options.ts";

/** Answers that are larger than a datagram, in blocks (RFC 7959 2.4). */
export interface Downloads<Kept extends Body> {
  /** Keeps a body whose further blocks will be asked for, under a key that names who asks for what. */
  keep(key: string, body: Kept): void;
  /** The body that was kept last, if it still is. */
  find(key: string): Kept | undefined;
}

// What one body costs beside its bytes.
const OVERHEAD_BYTES = 512;
const LARGEST_EXPONENT = 6;

/** Makes the place where bodies wait, bounded in bytes and time. */
export function createDownloads<Kept extends Body>(limits: { bytes: number; idleMs: number }): Downloads<Kept> {
  const kept = new LRUCache<string, Kept>({
    maxSize: limits.bytes,
    ttl: limits.idleMs,
    updateAgeOnGet: true,
    sizeCalculation: ({ bytes }) => OVERHEAD_BYTES + bytes.length,
  });
  return {
    keep: (key, body) => void kept.set(key, body),
    find: (key) => kept.get(key),
  };
}

/** Whether a body needs more than the first block. */
export function needsBlocks({ bytes }: Body, asked: Block | undefined): boolean {
  return bytes.length > blockBytes(asked);
}

/**
 * The answer with a body, or with the block of it that is asked for. Without being asked, a body that fits one datagram is sent as it is.
 *
 * @returns 4.00 for a block behind the end.
 */
export function bodyResponse(body: Body, asked: Block | undefined): Response {
  const { bytes, contentFormat, etag } = body;
  const format: Option = { name: "Content-Format", value: uintOption(contentFormat) };
  if (!asked && !needsBlocks(body, asked)) return { code: "2.05", options: [format], payload: bytes };
  const { num, exponent } = asked ?? { num: 0, exponent: LARGEST_EXPONENT };
  const start = num * blockBytes(asked);
  if (start >= bytes.length) return { code: "4.00" };
  const payload = bytes.subarray(start, start + blockBytes(asked));
  const more = start + payload.length < bytes.length;
  const options: Option[] = [
    { name: "ETag", value: etag },
    format,
    { name: "Block2", value: blockOption({ num, more, exponent }) },
  ];
  if (num === 0) options.push({ name: "Size2", value: uintOption(bytes.length) });
  return { code: "2.05", options, payload };
}

/** Whether a block is the last one of a body. */
export function isLastBlock({ bytes }: Body, { num, bytes: size }: Block): boolean {
  return (num + 1) * size >= bytes.length;
}

function blockBytes(asked: Block | undefined): number {
  return asked?.bytes ?? 2 ** (LARGEST_EXPONENT + 4);
}
