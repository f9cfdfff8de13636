/** A file that devices fetch in one piece or in several. */
export interface Download {
  readonly size: number;
  /** Names this very content (RFC 9110, 8.8.3), without quotation marks. */
  readonly etag: string;
  /** Media type. */
  readonly type: string;
  /**
   * The bytes from `start` up to, not including, `end`. What it holds open is let go when the reader stops early.
   *
   * @throws when the store cannot answer, also in the middle.
   */
  read(range: { readonly start: number; readonly end: number }): AsyncIterable<Uint8Array>;
}
