import type { HandshakeFragment } from "./handshake-fragment.ts";

/** Puts one handshake message together from its fragments, in whatever order, overlapping or repeated (RFC 6347 4.2.3). */
export interface Reassembly {
  /** @returns the message when this was the last piece that was missing. A fragment of another message, or of too long a one, is ignored. */
  add(fragment: HandshakeFragment): Buffer | undefined;
}

/**
 * Makes a reassembly of the message that its first fragment belongs to.
 *
 * @param maxBytes longest message that is put together; it bounds the memory.
 */
export function createReassembly(type: number, maxBytes: number): Reassembly {
  let message:
    | { length: number; messageSequence: number; bytes: Buffer; have: Uint8Array; missing: number }
    | undefined;

  function begin({ length, messageSequence }: HandshakeFragment) {
    return { length, messageSequence, bytes: Buffer.alloc(length), have: new Uint8Array(length), missing: length };
  }

  return {
    add(fragment) {
      if (fragment.type !== type || fragment.length > maxBytes) return undefined;
      if (!message && fragment.offset === 0 && fragment.body.length === fragment.length) return fragment.body;
      message ??= begin(fragment);
      if (message.length !== fragment.length || message.messageSequence !== fragment.messageSequence) return undefined;
      const missing = message.missing;
      for (const [index, byte] of fragment.body.entries()) {
        const at = fragment.offset + index;
        if (message.have[at]) continue;
        message.have[at] = 1;
        message.bytes[at] = byte;
        message.missing -= 1;
      }
      return missing > 0 && message.missing === 0 ? message.bytes : undefined;
    },
  };
}
