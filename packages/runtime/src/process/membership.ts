import type { Clock, ControlBus, ControlHandler, DeviceDirectory, Recorder } from "@trine/core/ports";
import { repeat } from "./repeat.ts";

/** A node that does not renew for this long is taken for dead. */
const LEASE_MS = 4_000;
const RENEW_MS = 1_000;

/** This process's part in the fleet of nodes. */
export interface Membership {
  /**
   * Whether what this process remembers can be used: it receives commands and its lease lives, so every revocation reaches it.
   * After a gap the memories are cleared first.
   */
  isTrusted(): boolean;
  /** Receives commands and holds the lease. */
  join(handler: ControlHandler): Promise<{ leave(): Promise<void> }>;
}

/**
 * @param deps.forgetAll clears every memory; called when a command may have been missed.
 */
export function createMembership(deps: {
  nodeId: string;
  directory: DeviceDirectory;
  bus: ControlBus;
  clock: Clock;
  recorder: Recorder;
  forgetAll: () => void;
}): Membership {
  const { nodeId, directory, bus, clock, recorder, forgetAll } = deps;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let interruptionsSeen = 0;

  async function renew(): Promise<void> {
    // The lease counts from before the request: the store may have set it that early.
    const asked = clock.monotonicMs();
    await directory.renewNode(nodeId, LEASE_MS);
    if (asked - renewedAt >= LEASE_MS) forgetAll();
    renewedAt = asked;
  }

  return {
    isTrusted() {
      if (!bus.isConnected() || clock.monotonicMs() - renewedAt >= LEASE_MS) return false;
      if (bus.interruptions() !== interruptionsSeen) {
        interruptionsSeen = bus.interruptions();
        forgetAll();
      }
      return true;
    },
    async join(handler) {
      const listening = await bus.listen(nodeId, handler);
      await renew();
      const renewing = repeat(RENEW_MS, renew, (error) => recorder.fault("node_lease", error));
      return {
        async leave() {
          await renewing.stop();
          await directory.endNode(nodeId);
          await listening.stop();
        },
      };
    },
  };
}
