import { aesOpen, aesSeal } from "../certificate/aes-seal.ts";
import { masterKeyId } from "../certificate/master-key.ts";
import type { Random } from "../ports/clock.ts";
import type { KeyService } from "../ports/key-service.ts";

// Told apart from the secrets that the same key may have sealed itself.
const CONTEXT = "trine wrapped key";

/** Wraps with a master key that this process holds: 32 bytes. */
export function createLocalKeyService(masterKey: Uint8Array, random: Random): KeyService {
  return {
    id: masterKeyId(masterKey),
    wrap: async (bytes) => aesSeal(masterKey, bytes, { context: CONTEXT, random }),
    unwrap: async (wrapped) => aesOpen(masterKey, wrapped, CONTEXT),
  };
}
