/** A promise, and the way to keep it. */
export interface Promised<T> {
  readonly promise: Promise<T>;
  /** Only the first call counts. */
  resolve(value: T): void;
}

/** Makes a promise that somebody else keeps. */
export function promised<T>(): Promised<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
