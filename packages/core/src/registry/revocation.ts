import type { ControlCommand, ControlHandler } from "../ports/control-bus.ts";
import type { SessionStore } from "../ports/session-store.ts";
import { type AskDeps, createAskOthers } from "./ask-others.ts";
import type { Revocation } from "./contracts.ts";

interface Deps extends AskDeps {
  /** This node's own part, without the way over the bus. */
  readonly handleHere: ControlHandler;
  readonly sessions: Pick<SessionStore, "revokeDevice">;
}

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
  const { handleHere, sessions, clock } = deps;
  const askOthers = createAskOthers(deps);

  async function tellAll(command: Revoke) {
    const { target, close } = command;
    const tokens = close && "device" in target ? await sessions.revokeDevice(target.device, command) : 0;
    const [here, others] = await Promise.all([handleHere(command), askOthers(command)]);
    const replies = [here, ...others.map(({ reply }) => reply)].filter((reply) => reply !== undefined);
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
