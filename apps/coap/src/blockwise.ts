import type { Option, ParsedPacket } from "coap-packet";
import { LRUCache } from "lru-cache";
import { readBlock } from "./block-option.ts";

/** What became of one block: the whole body, or the code to answer with. */
export type BlockOutcome = { readonly body: Buffer } | { readonly code: "2.31" | "4.00" | "4.08" | "4.13" };

/** Puts Block1 uploads together (RFC 7959). */
export interface Blockwise {
  take(block: { peer: string; packet: ParsedPacket; value: Buffer; maxBytes: number }): BlockOutcome;
}

interface Upload {
  readonly blockBytes: number;
  readonly parts: Map<number, Buffer>;
}

// What an upload, and each block of it, costs beside its bytes. Small blocks would cost many times what they hold.
const UPLOAD_OVERHEAD_BYTES = 512;
const PART_OVERHEAD_BYTES = 256;

/**
 * Makes the place where uploads wait, bounded in count, bytes and time.
 *
 * An upload is known by its sender and its options without the block itself: RFC 7959 2.5 lets a client take a new token per block.
 */
export function createBlockwise(limits: { uploads: number; bytes: number; idleMs: number }): Blockwise {
  const uploads = new LRUCache<string, Upload>({
    max: limits.uploads,
    maxSize: limits.bytes,
    ttl: limits.idleMs,
    sizeCalculation: ({ parts, blockBytes }) => UPLOAD_OVERHEAD_BYTES + parts.size * (PART_OVERHEAD_BYTES + blockBytes),
  });
  return {
    take({ peer, packet, value, maxBytes }) {
      const block = readBlock(value);
      if (!block) return { code: "4.00" };
      const { num, more, bytes } = block;
      const { payload } = packet;
      if (more ? payload.length !== bytes : payload.length > bytes) return { code: "4.00" };
      if (num * bytes + payload.length > maxBytes) return { code: "4.13" };
      if (num === 0 && !more) return { body: payload };
      const key = uploadKey(peer, packet);
      const known = uploads.get(key);
      const upload = known && continues(known, block, payload) ? known : { blockBytes: bytes, parts: new Map() };
      if (known && upload !== known && num > 0) return { code: "4.08" };
      // A datagram is a view of nobody else's memory, so the block is kept as it is.
      upload.parts.set(num, payload);
      const body = more ? undefined : join(upload, num);
      if (body) uploads.delete(key);
      // A new object, because the cache weighs an entry afresh only when its value is another.
      else uploads.set(key, { ...upload });
      return body ? { body } : { code: more ? "2.31" : "4.08" };
    },
  };
}

/** A first block that differs begins a new upload; so does another block size. */
function continues(upload: Upload, block: { num: number; bytes: number }, payload: Buffer): boolean {
  if (upload.blockBytes !== block.bytes) return false;
  const before = block.num === 0 ? upload.parts.get(0) : undefined;
  return !before || before.equals(payload);
}

/** `undefined` while blocks are missing: the client may still send them, and then the last one again. */
function join({ parts }: Upload, last: number): Buffer | undefined {
  const ordered: Buffer[] = [];
  for (let num = 0; num <= last; num++) {
    const part = parts.get(num);
    if (!part) return undefined;
    ordered.push(part);
  }
  return Buffer.concat(ordered);
}

const NOT_IN_KEY = new Set<Option["name"]>(["Block1", "Block2", "Size1", "Size2"]);

function uploadKey(peer: string, packet: ParsedPacket): string {
  let key = `${peer}/${packet.code}`;
  for (const { name, value } of packet.options) {
    if (!NOT_IN_KEY.has(name)) key += `/${name}=${value.toString("latin1").length}:${value.toString("latin1")}`;
  }
  return key;
}
