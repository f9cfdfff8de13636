import type { Clock } from "../ports/clock.ts";
import type { ControlBus, ControlHandler, ControlReply, RevocationTarget } from "../ports/control-bus.ts";
import type { DeviceDirectory } from "../ports/device-directory.ts";
import type { SessionStore } from "../ports/session-store.ts";
import type { Revocation } from "./contracts.ts";

interface Deps {
  readonly nodeId: string;
  readonly directory: Pick<DeviceDirectory, "liveNodes">;
  readonly bus: Pick<ControlBus, "send">;
  /** This node's own part, without the way over the bus. */
  readonly handleHere: ControlHandler;
  readonly sessions: Pick<SessionStore, "revokeDevice">;
  readonly clock: Clock;
  /** How long a node may take to acknowledge before it is left out of the count. */
  readonly timeoutMs: number;
}

/**
 * Tells every live node to forget a target, and to close what it holds of it, and counts what they did.
 *
 * The caller has committed the new state before: a login that comes in meanwhile is judged by it. A node that does not answer trusts
 * nothing that it remembers once its lease is over.
 */
export function createRevocation(deps: Deps): Revocation {
  return {
    async revoke(target, { close }) {
      const began = deps.clock.monotonicMs();
      const tokens = close && "device" in target ? await deps.sessions.revokeDevice(target.device) : 0;
      const replies = (await askEveryNode(deps, target, close)).filter((reply) => reply !== undefined);
      return {
        closedSessions: replies.reduce((sum, reply) => sum + reply.closedSessions, tokens),
        nodes: replies.length,
        elapsedMs: Math.round((deps.clock.monotonicMs() - began) * 10) / 10,
      };
    },
  };
}

async function askEveryNode(
  deps: Deps,
  target: RevocationTarget,
  close: boolean,
): Promise<readonly (ControlReply | undefined)[]> {
  const { nodeId, directory, bus, handleHere, timeoutMs } = deps;
  const command = { kind: "revoke", target, close } as const;
  const others = (await directory.liveNodes()).filter((node) => node !== nodeId);
  return Promise.all([handleHere(command), ...others.map((node) => bus.send(node, command, timeoutMs))]);
}
