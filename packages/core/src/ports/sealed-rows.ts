import type { SealContext } from "../certificate/seal-context.ts";
import type { SealedSecret } from "../certificate/vault.ts";

/** One sealed secret where it is stored. */
export interface SealedRow {
  /** Names its row and column, for `replace` only. */
  readonly key: string;
  readonly sealed: SealedSecret;
  /** What it is bound to. */
  readonly context: SealContext;
}

/**
 * One place where sealed secrets are stored, so that they can be sealed again under another key. Whoever adds a table or column with
 * sealed secrets adds one of these to `PlatformPorts.sealedRows`.
 */
export interface SealedRows {
  /** Names the place, for ever: a rotation that is under way goes on after it. */
  readonly place: string;
  /** How many secrets there are; an estimate is enough when there are many. */
  count(): Promise<number>;
  /**
   * The secrets of at most `limit` rows in a fixed order, after the row `after`. Rows that are added or change meanwhile may be missed.
   * @returns `next` for the call after this one; absent at the end.
   */
  list(page: {
    after?: string;
    limit: number;
  }): Promise<{ readonly rows: readonly SealedRow[]; readonly next?: string }>;
  /** Puts `to` in the place of each secret that is still as it was listed. @returns how many those were. */
  replace(changes: readonly { readonly row: SealedRow; readonly to: SealedSecret }[]): Promise<number>;
}
