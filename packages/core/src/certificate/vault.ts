import type { SealContext } from "./seal-context.ts";
import type { Secret } from "./secret.ts";

/** A secret encrypted at rest, as text: the id of its key, nonce, ciphertext and tag. Safe to store, useless without the master key. */
export type SealedSecret = string;

/**
 * Encrypts secrets for the stores and decrypts them for one use.
 *
 * `context` binds the ciphertext to its row and its kind, so that a swapped row or column does not decrypt.
 */
export interface Vault {
  seal(secret: Secret, context: SealContext): SealedSecret;
  /** @throws VaultError when the key is unknown or the ciphertext does not belong to `context`. */
  open(sealed: SealedSecret, context: SealContext): Secret;
}
