import type { SessionHolder } from "../contracts.ts";

/** The adapters of this node that hold connections, addressed as one. */
export interface Holders extends SessionHolder {
  /** @returns the way out. */
  add(holder: SessionHolder): () => void;
  closeIdle(): number;
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
    close: (target, options) => sum((holder) => holder.close(target, options)),
    closeAll: (why) => [...holders].reduce((total, holder) => total + holder.closeAll(why), 0),
    closeIdle: () => [...holders].reduce((total, holder) => total + (holder.closeIdle?.() ?? 0), 0),
    closeOlder: (device, epoch, only) => sum((holder) => holder.closeOlder(device, epoch, only)),
    *held() {
      for (const holder of holders) yield* holder.held();
    },
    wake(device) {
      for (const holder of holders) holder.wake(device);
    },
    wakeAll() {
      for (const holder of holders) holder.wakeAll();
    },
    deliver: (device, message) => [...holders].some((holder) => holder.deliver(device, message)),
  };
}
