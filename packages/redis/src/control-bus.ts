import { randomUUID } from "node:crypto";
import type { ControlBus, ControlHandler, ControlReply } from "@trine/core/ports";
import type { RedisHandle } from "./connection/redis-handle.ts";
import { type ControlLine, openControlLine } from "./control-line.ts";
import { type ControlMessage, encodeControlMessage } from "./control-message.ts";

/**
 * Commands between nodes by sharded publish and subscribe on Redis: a channel for each node that listens. Replies come on it as well, so
 * what a node depends on to be told is one channel on one server. A process that only sends has a channel of its own for replies.
 *
 * A command goes to the server that the channel belongs to, which knows how many receive it: also on a Cluster it is known at once that
 * nobody listens, and no other server does any work. See docs/decisions/0008.
 */
export function createRedisControlBus(redis: RedisHandle): ControlBus {
  const listening = new Set<ControlLine>();
  const waiting = new Map<number, (reply: ControlReply | undefined) => void>();
  let sender: Promise<ControlLine> | undefined;
  let lastId = 0;
  let interruptions = 0;

  // A primary that was promoted may not know which node has a device, so that hints did not come here.
  redis.onPrimariesChanged(() => {
    if (listening.size > 0) interruptions += 1;
  });

  const publish = (channel: string, message: ControlMessage) => redis.publish(channel, encodeControlMessage(message));

  function open(nodeId: string, handler?: ControlHandler): Promise<ControlLine> {
    return openControlLine(redis, {
      channel: channelOf(nodeId),
      receive(message) {
        if (message.kind === "reply") waiting.get(message.id)?.(message.reply);
        else if (handler) answer(handler, message).catch(redis.onFault);
      },
      // Replies that are missed are told apart by their absence.
      onInterruption: () => {
        if (handler) interruptions += 1;
      },
    });
  }

  async function answer(handler: ControlHandler, message: Extract<ControlMessage, { kind: "command" }>): Promise<void> {
    const { command, id, from } = message;
    const reply = await handler(command).catch(redis.onFault);
    if (id !== undefined && from) await publish(from, { kind: "reply", id, ...(reply ? { reply } : {}) });
  }

  async function replyChannel(): Promise<string> {
    const [listened] = listening;
    if (listened) return listened.channel;
    sender ??= open(randomUUID()).catch((error: unknown) => {
      sender = undefined;
      throw error;
    });
    return (await sender).channel;
  }

  return {
    async listen(nodeId, handler) {
      const line = await open(nodeId, handler);
      listening.add(line);
      return {
        async stop() {
          listening.delete(line);
          await line.close();
        },
      };
    },
    async send(nodeId, command, timeoutMs) {
      const from = await replyChannel();
      lastId += 1;
      const id = lastId;
      let timer: NodeJS.Timeout | undefined;
      const replied = new Promise<ControlReply | undefined>((resolve) => {
        waiting.set(id, resolve);
        timer = setTimeout(resolve, timeoutMs, undefined);
      });
      try {
        const receivers = await publish(channelOf(nodeId), { kind: "command", command, id, from });
        return receivers === 0 ? undefined : await replied;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
    async notify(nodeId, command) {
      await publish(channelOf(nodeId), { kind: "command", command });
    },
    isConnected: () => listening.size > 0 && [...listening].every((line) => line.isAlive()),
    interruptions: () => interruptions,
  };
}

function channelOf(nodeId: string): string {
  return `trine:control:${nodeId}`;
}
