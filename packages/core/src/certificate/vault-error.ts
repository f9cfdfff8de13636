/** A secret cannot be decrypted: the key is missing, or the ciphertext is not of this row. Its message names neither. */
export class VaultError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "VaultError";
  }
}
