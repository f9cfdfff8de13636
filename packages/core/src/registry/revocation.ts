import type { Clock, Timer } from "../ports/clock.ts";
import type { ControlBus, ControlCommand, ControlHandler, ControlReply } from "../ports/control-bus.ts";
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
  readonly timer: Timer;
  /** How long a node may take to acknowledge before it is left out of the count: longer than a lease, so that one that says nothing has lost it. */
  readonly timeoutMs: number;
}

/** How long to wait for one answer, and how soon to ask again. */
const ANSWER_MS = 1_000;
const AGAIN_MS = 50;

type Revoke = Extract<ControlCommand, { kind: "revoke" }>;

/**
 * Tells every live node to forget a target, and to close what it holds of it, and counts what they did.
 *
 * The caller has committed the new state before: a login that comes in meanwhile is judged by it. Tokens go first, so that no node
 * reads one again after it forgot it. A node that does not answer trusts nothing that it remembers once its lease is over.
 *
 * @throws when a store cannot answer; this node has forgotten the target even then, and revoking again does no harm.
 */
export function createRevocation(deps: Deps): Revocation {
  const { nodeId, directory, bus, handleHere, sessions, clock, timer, timeoutMs } = deps;

  /** Asks until it answers, its lease is over, or the time is. */
  async function ask(node: string, command: Revoke): Promise<ControlReply | undefined> {
    const endsAt = clock.monotonicMs() + timeoutMs;
    for (;;) {
      const leftMs = endsAt - clock.monotonicMs();
      const reply = await bus.send(node, command, Math.min(leftMs, ANSWER_MS));
      if (reply || endsAt <= clock.monotonicMs()) return reply;
      if (!(await directory.liveNodes()).includes(node)) return undefined;
      await new Promise<void>((done) => timer.after(AGAIN_MS, done));
    }
  }

  async function askOthers(command: Revoke): Promise<readonly (ControlReply | undefined)[]> {
    const others = (await directory.liveNodes()).filter((node) => node !== nodeId);
    return Promise.all(others.map((node) => ask(node, command)));
  }

  async function tellAll(command: Revoke) {
    const { target, close } = command;
    const tokens = close && "device" in target ? await sessions.revokeDevice(target.device, command) : 0;
    const [here, others] = await Promise.all([handleHere(command), askOthers(command)]);
    const replies = [here, ...others].filter((reply) => reply !== undefined);
    return {
      closedSessions: replies.reduce((sum, reply) => sum + reply.closedSessions, tokens),
      nodes: replies.length,
    };
  }

  return {
    async revoke(target, options) {
      const began = clock.monotonicMs();
      const command = { kind: "revoke", target, ...options } as const;
      try {
        const counts = await tellAll(command);
        return { ...counts, elapsedMs: Math.round((clock.monotonicMs() - began) * 10) / 10 };
      } catch (error) {
        // An outage elsewhere must not keep this node from forgetting.
        await handleHere(command);
        throw error;
      }
    },
  };
}
