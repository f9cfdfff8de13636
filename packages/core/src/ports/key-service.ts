/**
 * A key outside of the database that wraps the data keys in it: a line of the master key file, or a key in a service that never gives it
 * away.
 */
export interface KeyService {
  /** Names the key, for ever and in every process: texts that it wrapped stand under it. */
  readonly id: string;
  /** Encrypts up to 64 bytes. @throws KeyServiceError when the service cannot answer. */
  wrap(bytes: Uint8Array): Promise<string>;
  /**
   * Decrypts what `wrap` gave.
   *
   * @returns `undefined` when this key did not wrap it.
   * @throws KeyServiceError when the service cannot answer, or refuses us.
   */
  unwrap(wrapped: string): Promise<Buffer | undefined>;
}

/** A key service that does not do its work; the message says why, for the operator. */
export class KeyServiceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "KeyServiceError";
  }
}
