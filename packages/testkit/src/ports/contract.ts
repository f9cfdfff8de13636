import { afterAll, beforeAll } from "vitest";

/** A store under test. */
export interface Contract<T> {
  readonly store: T;
  /** Another client of the same data, as another process would have. Absent where the port lives in one process: then `store` stands in. */
  readonly second?: T;
  dispose(): Promise<void>;
}

/** Opens a store. It may be shared and may hold data already: the cases use random names. */
export type MakeContract<T, More = unknown> = () => Promise<Contract<T> & More>;

/**
 * Opens one store for all cases of a suite, since some take seconds to open, and closes it after the last.
 *
 * @returns asks for what was opened; only within a case.
 */
export function openContract<T, More = unknown>(make: MakeContract<T, More>): () => Contract<T> & More & { second: T } {
  let opened: (Contract<T> & More) | undefined;
  beforeAll(async () => {
    opened = await make();
  });
  afterAll(() => opened?.dispose());
  return () => {
    if (!opened) throw new Error("the store is not open");
    return { ...opened, second: opened.second ?? opened.store };
  };
}
