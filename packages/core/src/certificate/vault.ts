import type { Secret } from "./secret.ts";

/** A secret encrypted at rest, as text: key id, nonce, ciphertext and tag. Safe to store, useless without the master key. */
export type SealedSecret = string;

/**
 * Encrypts secrets for the stores and decrypts them for one use.
 *
 * `context` binds the ciphertext to its row (for a device `productKey/deviceName`), so that a swapped row does not decrypt.
 */
export interface Vault {
  seal(secret: Secret, context: string): SealedSecret;
  /** @throws VaultError when the key is unknown or the ciphertext does not belong to `context`. */
  open(sealed: SealedSecret, context: string): Secret;
}
