import { type DeviceRef, deviceKey } from "../certificate/names.ts";

/** Runs the works of one device one after the other; works of different devices do not wait for each other. */
export interface InTurn {
  run<T>(device: DeviceRef, work: () => Promise<T>): Promise<T>;
  /** Resolves when everything that was handed over so far has ended, well or badly. */
  settled(): Promise<void>;
}

/** Makes a queue per device; an idle device costs nothing. */
export function createInTurn(): InTurn {
  const tails = new Map<string, Promise<unknown>>();
  return {
    run(device, work) {
      const key = deviceKey(device);
      const before = tails.get(key);
      const run = before ? before.then(work, work) : work();
      const tail = run
        .catch(() => undefined)
        .finally(() => {
          if (tails.get(key) === tail) tails.delete(key);
        });
      tails.set(key, tail);
      return run;
    },
    async settled() {
      await Promise.all(tails.values());
    },
  };
}
