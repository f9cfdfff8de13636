import type { PskKey, PskKeys } from "@trine/core/auth";
import type { DeviceRef } from "@trine/core/certificate";

/** Identities of which it is remembered which key comes next; the oldest go first. */
const MOST_IDENTITIES = 10_000;

/** The key that one handshake tries. */
export interface TriedKey extends PskKey {
  readonly device: DeviceRef;
  /** The handshake failed: the next one of this identity tries another of its keys. */
  failed(): void;
}

/**
 * Gives the keys of an identity in turn: a handshake can try one, and while a secret is being rotated a device may hold either.
 *
 * @returns looks the key of an identity up; `undefined` for a text that is none.
 */
export function createKeysInTurn(pskKeys: PskKeys): (identity: string) => Promise<TriedKey | undefined> {
  const turns = new Map<string, number>();

  return async function find(identity) {
    const found = await pskKeys.find(identity);
    if (!found) return undefined;
    const { device, keys } = found;
    const turn = (turns.get(identity) ?? 0) % keys.length;
    return {
      ...(keys[turn] ?? keys[0]),
      device,
      failed() {
        // With one key there is nothing to take turns with, and a stranger's identities need no room.
        if (keys.length < 2) return;
        turns.delete(identity);
        turns.set(identity, turn + 1);
        const [oldest] = turns.keys();
        if (turns.size > MOST_IDENTITIES && oldest !== undefined) turns.delete(oldest);
      },
    };
  };
}
