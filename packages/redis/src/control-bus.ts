import { randomUUID } from "node:crypto";
import type { ControlBus, ControlHandler, ControlReply } from "@trine/core/ports";
import type { Cluster, Redis } from "ioredis";
import type { RedisHandle } from "./connection/redis-handle.ts";
import { type ControlMessage, decodeControlMessage, encodeControlMessage } from "./control-message.ts";
import { createHeartbeat } from "./heartbeat.ts";

const BEAT_INTERVAL_MS = 1_000;
const SILENCE_MS = 3_000;

/**
 * Commands between nodes by publish and subscribe on Redis: a channel for each node that listens, and one for the replies to each process.
 *
 * The subscriber connection is opened at the first use. Redis tells nobody that a message was missed, so each process sends itself a beat a
 * second: it counts as connected while beats come back, and a lost connection or a missing beat is an interruption.
 */
export function createRedisControlBus(redis: RedisHandle): ControlBus {
  const replies = `trine:replies:${randomUUID()}`;
  const handlers = new Map<string, ControlHandler>();
  const waiting = new Map<number, (reply: ControlReply | undefined) => void>();
  let lastId = 0;
  let subscriber: Promise<Redis | Cluster> | undefined;
  let disconnect = () => {};

  const publish = (channel: string, message: ControlMessage) =>
    redis.commands.publish(channel, encodeControlMessage(message));
  const heartbeat = createHeartbeat({
    send: (beat) => publish(replies, { kind: "beat", beat }),
    onSilence: () => disconnect(),
    intervalMs: BEAT_INTERVAL_MS,
    silenceMs: SILENCE_MS,
  });

  async function openSubscriber(): Promise<Redis | Cluster> {
    const opened = await redis.openSubscriber();
    try {
      disconnect = () => opened.disconnect(true);
      opened.on("close", heartbeat.lost);
      opened.on("message", receive);
      await opened.subscribe(replies);
      await heartbeat.start(redis.closing);
      return opened;
    } catch (error) {
      opened.disconnect();
      throw error;
    }
  }

  function ready(): Promise<Redis | Cluster> {
    subscriber ??= openSubscriber().catch((error: unknown) => {
      subscriber = undefined;
      throw error;
    });
    return subscriber;
  }

  function receive(channel: string, text: string): void {
    const message = decodeControlMessage(text);
    if (!message) redis.onFault(new Error("a control message has a format that this version does not know"));
    else if (message.kind === "beat") heartbeat.heard(message.beat);
    else if (message.kind === "reply") waiting.get(message.id)?.(message.reply);
    else if (message.kind === "command") answer(channel, message).catch(redis.onFault);
  }

  async function answer(channel: string, message: Extract<ControlMessage, { kind: "command" }>): Promise<void> {
    const { command, id, from } = message;
    const reply = await handlers.get(channel)?.(command).catch(redis.onFault);
    if (id !== undefined && from) await publish(from, { kind: "reply", id, ...(reply ? { reply } : {}) });
  }

  return {
    async listen(nodeId, handler) {
      const connection = await ready();
      const channel = channelOf(nodeId);
      handlers.set(channel, handler);
      await connection.subscribe(channel);
      return {
        async stop() {
          handlers.delete(channel);
          await connection.unsubscribe(channel).catch(redis.onFault);
        },
      };
    },
    async send(nodeId, command, timeoutMs) {
      await ready();
      lastId += 1;
      const id = lastId;
      let timer: NodeJS.Timeout | undefined;
      const replied = new Promise<ControlReply | undefined>((resolve) => {
        waiting.set(id, resolve);
        timer = setTimeout(resolve, timeoutMs, undefined);
      });
      try {
        const receivers = await publish(channelOf(nodeId), { kind: "command", command, id, from: replies });
        // A server of a Cluster counts its own subscribers only.
        if (receivers === 0 && !redis.isCluster) return undefined;
        return await replied;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
    async notify(nodeId, command) {
      await publish(channelOf(nodeId), { kind: "command", command });
    },
    isConnected: heartbeat.isAlive,
    interruptions: heartbeat.interruptions,
  };
}

function channelOf(nodeId: string): string {
  return `trine:control:${nodeId}`;
}
