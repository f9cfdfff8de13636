type Compact<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Leaves out what is undefined: the core tells "absent" from "set". */
export function compact<T extends object>(given: T): Compact<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Compact<T>;
}
