import { LRUCache } from "lru-cache";
import { HANDSHAKE, type HandshakeFragment } from "../wire/handshake-fragment.ts";
import { createReassembly, type Reassembly } from "../wire/reassembly.ts";

/** Hellos whose sender is verified and whose other fragments are still to come (RFC 6347 4.2.3). */
export interface GatheredHellos {
  /** Begins with the first fragment, the one that holds the cookie. A newer one of the same peer takes the place of an older one. */
  begin(peer: string, head: Buffer, first: HandshakeFragment): void;
  /** @returns the whole message and its head when this was the last fragment. */
  add(peer: string, fragment: HandshakeFragment): { head: Buffer; message: Buffer } | undefined;
}

const MAX_HELLO_BYTES = 4096;
const MAX_HELLOS = 256;
const KEEP_MS = 30_000;

/** Makes an empty set, bounded in count, bytes and time. */
export function createGatheredHellos(): GatheredHellos {
  const hellos = new LRUCache<string, { head: Buffer; reassembly: Reassembly }>({ max: MAX_HELLOS, ttl: KEEP_MS });
  return {
    begin(peer, head, first) {
      const reassembly = createReassembly(HANDSHAKE.clientHello, MAX_HELLO_BYTES);
      reassembly.add(first);
      hellos.set(peer, { head, reassembly });
    },
    add(peer, fragment) {
      const hello = hellos.get(peer);
      const message = hello?.reassembly.add(fragment);
      if (!hello || !message) return undefined;
      hellos.delete(peer);
      return { head: hello.head, message };
    },
  };
}
