import type { Upkeep } from "@trine/core/platform";
import type { Clock, ControlBus, ControlHandler, DeviceDirectory, Recorder } from "@trine/core/ports";
import type { Complaint } from "../observe/health-server.ts";
import { repeat } from "./repeat.ts";

const RENEW_MS = 1_000;
const SWEEP_MS = 500;
const WATCH_MS = 5_000;

/** Long enough for the event loop to come round to every socket several times. */
const DROP_MS = 250;

/** This process's part in the fleet of nodes. */
export interface Membership {
  /**
   * Whether what this process remembers can be used: it receives commands and its lease lives, so every revocation reaches it.
   * After a gap the memories are cleared first.
   */
  isTrusted(): boolean;
  /** Whether devices may be served: the lease lives, and revocations were not kept away for longer than the identity lease. */
  mayServe(): boolean;
  /** What stands in the way of either. */
  complaints(): readonly Complaint[];
  /** Receives commands, holds the lease, and takes part in what all nodes do for each other. */
  join(handler: ControlHandler, upkeep: Upkeep): Promise<{ leave(): Promise<void> }>;
}

interface Deps {
  readonly nodeId: string;
  readonly directory: Pick<DeviceDirectory, "renewNode" | "endNode">;
  readonly bus: Pick<ControlBus, "listen" | "isConnected" | "interruptions">;
  readonly clock: Clock;
  readonly recorder: Recorder;
  /** A node that does not renew for this long is taken for dead, and takes itself for dead. */
  readonly leaseMs: number;
  /** How long connections live on while revocations cannot reach this node. */
  readonly identityLeaseMs: number;
  /** Clears every memory; called when a command may have been missed. */
  readonly forgetAll: () => void;
}

/**
 * Makes a membership that is not joined yet.
 *
 * Time is taken before each renewal is asked for, by the clock that does not jump: this node takes itself for dead no later than the others
 * do. It closes its connections then, for its devices are being served elsewhere.
 */
export function createMembership(deps: Deps): Membership {
  const { nodeId, directory, bus, clock, recorder, leaseMs, identityLeaseMs, forgetAll } = deps;
  let renewedAt = Number.NEGATIVE_INFINITY;
  /** Since when renewals have followed each other within a lease. */
  let inTouchSince = Number.POSITIVE_INFINITY;
  let heardAt = Number.NEGATIVE_INFINITY;
  let interruptionsSeen = 0;
  let interruptionsChecked = 0;

  const hasLease = () => clock.monotonicMs() - renewedAt < leaseMs;

  /** How long no revocation could reach this node. */
  function deafForMs(): number {
    if (bus.isConnected()) heardAt = clock.monotonicMs();
    return clock.monotonicMs() - heardAt;
  }

  const mayServe = () => hasLease() && deafForMs() < identityLeaseMs;

  function isTrusted(): boolean {
    if (!bus.isConnected() || !hasLease()) return false;
    if (bus.interruptions() !== interruptionsSeen) {
      interruptionsSeen = bus.interruptions();
      forgetAll();
    }
    return true;
  }

  /**
   * After a gap everything is closed, and what had waited in the kernel meanwhile is read and dropped before the lease is taken up: it was sent
   * to a node that others took for dead.
   */
  async function renew(closeAll: () => void): Promise<void> {
    let asked = clock.monotonicMs();
    await directory.renewNode(nodeId, leaseMs);
    if (asked - renewedAt >= leaseMs) {
      if (renewedAt > Number.NEGATIVE_INFINITY) {
        closeAll();
        await new Promise((done) => setTimeout(done, DROP_MS));
        closeAll();
        asked = clock.monotonicMs();
        await directory.renewNode(nodeId, leaseMs);
      }
      forgetAll();
      inTouchSince = asked;
    }
    renewedAt = asked;
  }

  return {
    isTrusted,
    mayServe,
    complaints() {
      const complaints: Complaint[] = [];
      if (!hasLease())
        complaints.push({
          part: "lease",
          detail: `not renewed for ${leaseMs} ms: no device is served`,
          severity: "error",
        });
      const deafMs = Math.round(deafForMs());
      if (deafMs > 0)
        complaints.push({
          part: "bus",
          detail: `no revocation can reach this node for ${deafMs} ms: nothing remembered is used, and from ${identityLeaseMs} ms on no device is served`,
          severity: deafMs < identityLeaseMs ? "warning" : "error",
        });
      return complaints;
    },
    async join(handler, upkeep) {
      const listening = await bus.listen(nodeId, handler);
      const renewAgain = () => renew(() => upkeep.closeAll("lease_over"));
      await renewAgain();
      const tell = (where: string) => (error: unknown) => recorder.fault(where, error);

      /** Others are judged only by who has been in touch for a lease: after an outage for all, the rest needs time to come back. */
      async function sweep(signal: AbortSignal): Promise<void> {
        const mayJudge = () => hasLease() && clock.monotonicMs() - inTouchSince >= leaseMs;
        while (mayJudge() && !signal.aborted && (await upkeep.sweepLostNodes()) > 0);
      }

      async function lookAfterOwn(): Promise<void> {
        if (!mayServe()) upkeep.closeAll("lease_over");
        else if (isTrusted() && interruptionsChecked !== bus.interruptions()) {
          const checked = bus.interruptions();
          await upkeep.recheckConnections();
          interruptionsChecked = checked;
        }
      }

      const repetitions = [
        repeat(RENEW_MS, renewAgain, tell("node_lease")),
        repeat(SWEEP_MS, sweep, tell("node_sweep")),
        repeat(SWEEP_MS, lookAfterOwn, tell("node_recheck")),
        repeat(WATCH_MS, async () => upkeep.keepWatching(), tell("inbox")),
      ];
      return {
        async leave() {
          await Promise.all(repetitions.map((repetition) => repetition.stop()));
          await directory.endNode(nodeId);
          await listening.stop();
        },
      };
    },
  };
}
