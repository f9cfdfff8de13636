import type { DeviceRef } from "../certificate/names.ts";
import type { RevocationTarget } from "../ports/control-bus.ts";
import type { SessionHolder } from "./contracts.ts";

/** The adapters of this node that hold connections, addressed as one. */
export interface Holders extends SessionHolder {
  /** @returns the way out. */
  add(holder: SessionHolder): () => void;
}

/** Makes an empty set of holders. */
export function createHolders(): Holders {
  const holders = new Set<SessionHolder>();

  async function sum(count: (holder: SessionHolder) => Promise<number>): Promise<number> {
    const counts = await Promise.all([...holders].map(count));
    return counts.reduce((total, each) => total + each, 0);
  }

  return {
    add(holder) {
      holders.add(holder);
      return () => holders.delete(holder);
    },
    close: (target: RevocationTarget) => sum((holder) => holder.close(target)),
    closeOlder: (device: DeviceRef, epoch: number) => sum((holder) => holder.closeOlder(device, epoch)),
    wake(device) {
      for (const holder of holders) holder.wake(device);
    },
    deliver: (device, message) => [...holders].some((holder) => holder.deliver(device, message)),
  };
}
