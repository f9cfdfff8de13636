import { SET_EOF_RETURN } from "./constants.ts";
import type { OpenSsl, Pointer } from "./symbols.ts";

/** Makes a buffer in OpenSSL's memory that says "try again" while it is empty. */
export function newMemoryBio({ BIO_new, BIO_s_mem, BIO_ctrl }: OpenSsl): Pointer {
  const bio = BIO_new(BIO_s_mem());
  BIO_ctrl(bio, SET_EOF_RETURN, -1, null);
  return bio;
}

/** Makes a buffer with bytes in it. */
export function memoryBioOf(openSsl: OpenSsl, bytes: Buffer): Pointer {
  const bio = newMemoryBio(openSsl);
  openSsl.BIO_write(bio, bytes, bytes.length);
  return bio;
}

/** Takes everything out of a buffer. */
export function drainBio({ BIO_read }: OpenSsl, bio: Pointer): Buffer {
  const parts: Buffer[] = [];
  for (;;) {
    const length = BIO_read(bio, SCRATCH, SCRATCH.length);
    if (length <= 0) return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
    parts.push(Buffer.from(SCRATCH.subarray(0, length)));
  }
}

const SCRATCH = Buffer.alloc(16_384);
