import type { DeviceRef } from "../certificate/names.ts";
import type { DeviceDirectory } from "../ports/device-directory.ts";
import type { SessionHolder } from "./contracts.ts";

/** Connections that are compared at once. */
const CHUNK = 200;

/**
 * Makes what compares the connections of this node with the directory, after orders and hints may have been lost: one that was replaced, or that the
 * directory does not know any more, is closed; every other one looks into its mailbox.
 *
 * @returns how many were closed.
 */
export function createRecheck({
  directory,
  holders,
}: {
  directory: Pick<DeviceDirectory, "locate">;
  holders: Pick<SessionHolder, "held" | "closeOlder" | "wake" | "wakeAll">;
}): () => Promise<number> {
  async function recheck({ device, epoch }: { device: DeviceRef; epoch: number }): Promise<number> {
    const location = await directory.locate(device);
    if (location?.epoch !== epoch) return holders.closeOlder(device, epoch);
    holders.wake(device);
    return 0;
  }
  return async () => {
    holders.wakeAll();
    const held = [...holders.held()];
    let closed = 0;
    for (let at = 0; at < held.length; at += CHUNK) {
      const counts = await Promise.all(held.slice(at, at + CHUNK).map(recheck));
      closed += counts.reduce((sum, each) => sum + each, 0);
    }
    return closed;
  };
}
