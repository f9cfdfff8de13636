import type { SessionHolder } from "../messaging/contracts.ts";
import type { ControlHandler } from "../ports/control-bus.ts";
import type { PlatformPorts } from "./platform-ports.ts";

/** Makes this node's answer to commands of other nodes, and of itself. */
export function createCommandHandler(deps: {
  caches: PlatformPorts["caches"];
  holders: SessionHolder;
}): ControlHandler {
  const { caches, holders } = deps;
  return async (command) => {
    switch (command.kind) {
      case "revoke":
        // Memories first: a session that comes in after this is judged by the new state.
        for (const cache of caches) cache.evict(command.target);
        return { closedSessions: command.close ? await holders.close(command.target) : 0 };
      case "close_connection":
        return { closedSessions: await holders.closeOlder(command.device, command.epoch) };
      case "wake":
        holders.wake(command.device);
        return { closedSessions: 0 };
      case "deliver": {
        const payload = Buffer.from(command.payload, "base64");
        return { closedSessions: 0, delivered: holders.deliver(command.device, { topic: command.topic, payload }) };
      }
    }
  };
}
