/** What was noted about the keys that were noted last. */
export interface RecentKeys<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
  delete(key: string): void;
}

/** Makes a memory of at most `maxKeys` keys: beyond that the one that was set the longest time ago goes. */
export function createRecentKeys<T>(maxKeys: number): RecentKeys<T> {
  const values = new Map<string, T>();
  return {
    get: (key) => values.get(key),
    set(key, value) {
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.keys();
      if (values.size > maxKeys && oldest !== undefined) values.delete(oldest);
    },
    delete: (key) => void values.delete(key),
  };
}
