import { createHmac, type Hmac } from "node:crypto";
import { macMatches } from "@trine/core/certificate";
import type { PeerAddress } from "./peer-address.ts";

/** Cookies that prove that whoever says hello gets what is sent to his address, without remembering him (RFC 6347 4.2.1). */
export interface Cookies {
  /** @param head what stays the same in the client's second hello. */
  make(peer: PeerAddress, head: Buffer): Buffer;
  isGood(cookie: Buffer, peer: PeerAddress, head: Buffer): boolean;
  /** Takes a new secret; cookies of the one before still count. */
  rotate(): void;
}

const SECRET_BYTES = 32;
const COOKIE_BYTES = 20;

/** Makes cookies from a secret that never leaves this process. */
export function createCookies(random: (bytes: number) => Buffer): Cookies {
  let secrets = [random(SECRET_BYTES), random(SECRET_BYTES)] as const;

  return {
    make: (peer, head) => digest(secrets[0], peer, head),
    isGood: (cookie, peer, head) => secrets.some((secret) => macMatches(digest(secret, peer, head), cookie)),
    rotate() {
      secrets = [random(SECRET_BYTES), secrets[0]];
    },
  };
}

function digest(secret: Buffer, { address, port }: PeerAddress, head: Buffer): Buffer {
  const hmac: Hmac = createHmac("sha256", secret);
  return hmac.update(`${address}|${port}|`).update(head).digest().subarray(0, COOKIE_BYTES);
}
