import type { ControlBus, ControlHandler, ControlReply } from "@trine/core/ports";

/**
 * Carries commands within this process, for the gateway that is the only one. Nothing can interrupt it.
 *
 * A handler that fails gives its sender no reply; it reports its own fault.
 */
export function createMemoryControlBus(): ControlBus {
  const handlers = new Map<string, ControlHandler>();
  return {
    async listen(nodeId, handler) {
      handlers.set(nodeId, handler);
      return {
        async stop() {
          if (handlers.get(nodeId) === handler) handlers.delete(nodeId);
        },
      };
    },
    async send(nodeId, command, timeoutMs) {
      const handler = handlers.get(nodeId);
      return handler ? replyWithin(handler(command), timeoutMs) : undefined;
    },
    async notify(nodeId, command) {
      // Not awaited: the sender of a notice must not wait for what the receiver does.
      handlers
        .get(nodeId)?.(command)
        .catch(() => undefined);
    },
    isConnected: () => true,
    interruptions: () => 0,
  };
}

function replyWithin(reply: Promise<ControlReply>, timeoutMs: number): Promise<ControlReply | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, timeoutMs, undefined);
    const settle = (outcome: ControlReply | undefined) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    reply.then(settle, () => settle(undefined));
  });
}
