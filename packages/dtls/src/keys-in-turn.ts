import { randomBytes } from "node:crypto";
import type { ChannelProof, PskKeys } from "@trine/core/auth";
import { LRUCache } from "lru-cache";

/** A key for one handshake, and what it proves when the handshake succeeds. */
export interface HandshakeKey {
  readonly key: Buffer;
  /** Nothing when the identity names no device: the key is a random one then, and the handshake fails as with a wrong one. */
  readonly proof?: ChannelProof;
  /** The handshake succeeded: this key comes first the next time. */
  worked(): void;
}

const DECOY_BYTES = 64;
const MAX_TURNS = 10_000;

/**
 * Finds the key for a handshake. A device whose secret is being rotated has two, and a handshake can try one only: the next attempt of the same
 * device tries the other. From which address it came counts too, so that a stranger's attempts do not change a device's turn.
 */
export function createKeysInTurn(pskKeys: PskKeys): (identity: string, address: string) => Promise<HandshakeKey> {
  const turns = new LRUCache<string, number>({ max: MAX_TURNS });
  return async (identity, address) => {
    const found = await pskKeys.find(identity);
    if (!found) return { key: randomBytes(DECOY_BYTES), worked: () => undefined };
    const { device, keys } = found;
    const name = `${address} ${identity}`;
    const turn = (turns.get(name) ?? 0) % keys.length;
    const { key, secretVersion } = keys[turn] ?? keys[0];
    if (keys.length > 1) turns.set(name, turn + 1);
    return {
      key,
      proof: { kind: "psk", device, secretVersion },
      worked: () => void (keys.length > 1 && turns.set(name, turn)),
    };
  };
}
