/** Switches outages on and off. */
export interface Faults {
  /** While true, every call to every store fails, as if its server was gone. */
  down: boolean;
}

/** What a store that is down throws. */
export class StoreDownError extends Error {
  constructor() {
    super("the store is down");
    this.name = "StoreDownError";
  }
}

/** Puts a switch before a store: while `faults.down`, its methods reject and do nothing. For stores whose methods all give promises. */
export function faultyStore<T extends object>(store: T, faults: Faults): T {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) =>
        faults.down ? Promise.reject(new StoreDownError()) : Reflect.apply(member, target, args);
    },
  });
}
