import { digestOfKey, type KeyHolder, type Verified } from "@trine/core/access";
import { macMatches } from "@trine/core/certificate";
import type { Operators } from "@trine/core/platform";
import type { AdminKey } from "../admin-key.ts";
import { BOOTSTRAP_KEY_ID } from "./caller.ts";

/** Every key that opens the REST API: the one that is set at the start, and those that are stored. */
export interface Keyring {
  /** @throws when the store cannot answer. */
  verify(text: string, peer: string): Promise<Verified>;
  /** The holder of a key by its id, as of now; `undefined` when it is gone or expired. @throws when the store cannot answer. */
  holder(keyId: string): Promise<KeyHolder | undefined>;
}

/** Puts the key of the start beside the stored ones. It has the role admin, needs no store, and so lets its owner in when all others are lost. */
export function createKeyring({ apiKeys }: Pick<Operators, "apiKeys">, { secret }: AdminKey): Keyring {
  const known = digestOfKey(secret.reveal());
  const bootstrap: KeyHolder = { keyId: BOOTSTRAP_KEY_ID, name: "admin", role: "admin", digests: [known] };
  return {
    async verify(text, peer) {
      const digest = digestOfKey(text);
      return macMatches(known, digest) ? { holder: bootstrap, digest } : apiKeys.verify(text, peer);
    },
    holder: async (keyId) => (keyId === BOOTSTRAP_KEY_ID ? bootstrap : apiKeys.holder(keyId)),
  };
}
