import { type DeviceRef, deviceKey } from "../certificate/names.ts";
import type { RevocationTarget } from "../ports/control-bus.ts";

/** What is under way for each device. */
export interface InFlight {
  /** Runs `work` as something of the device. */
  run<T>(device: DeviceRef, work: () => Promise<T>): Promise<T>;
  /** Resolves when what is under way for the target now has ended, well or badly. */
  settled(target: RevocationTarget): Promise<void>;
}

/** Makes an empty set; it forgets a device as soon as nothing of it is under way. */
export function createInFlight(): InFlight {
  const works = new Map<string, Set<Promise<unknown>>>();

  function matching(target: RevocationTarget): Promise<unknown>[] {
    if ("device" in target) return [...(works.get(deviceKey(target.device)) ?? [])];
    const prefix = `${target.productKey}/`;
    return [...works].flatMap(([key, running]) => (key.startsWith(prefix) ? [...running] : []));
  }

  return {
    async run(device, work) {
      const key = deviceKey(device);
      const running = works.get(key) ?? new Set();
      const mine = work();
      works.set(key, running.add(mine));
      try {
        return await mine;
      } finally {
        running.delete(mine);
        if (running.size === 0 && works.get(key) === running) works.delete(key);
      }
    },
    async settled(target) {
      await Promise.allSettled(matching(target));
    },
  };
}
