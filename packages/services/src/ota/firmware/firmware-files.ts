/** What a file turned out to be. */
export interface Measured {
  /** Bytes. */
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly md5: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** Where the files of firmware are. Every node reads the same. */
export interface FirmwareFiles {
  /**
   * Keeps a file under a name, whole or not at all, and measures it on the way. Memory does not grow with it. Durable when it resolves.
   *
   * @param name letters and digits; never used before.
   * @param most bytes.
   * @throws when `source` fails, or the place cannot take it.
   */
  put(name: string, source: AsyncIterable<Uint8Array>, most: number): Promise<Measured | "too_large">;
  /**
   * The bytes from `start` up to, not including, `end`.
   *
   * @throws when the place cannot answer, or has no such file.
   */
  read(name: string, range: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>;
  /** A file that is not there is no fault. */
  remove(name: string): Promise<void>;
}
