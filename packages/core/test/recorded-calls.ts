/** Notes every call of a port as `name.method`, in order, and passes it on. */
export function noting<T extends object>(name: string, port: T, calls: string[]): T {
  return new Proxy(port, {
    get(target, key, receiver) {
      const member: unknown = Reflect.get(target, key, receiver);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        calls.push(`${name}.${String(key)}`);
        return Reflect.apply(member, target, args);
      };
    },
  });
}

/** Calls by name, so that two runs can be compared. */
export function tally(calls: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const call of calls) counts[call] = (counts[call] ?? 0) + 1;
  return counts;
}
