import type { RedisHandle } from "./connection/redis-handle.ts";
import { type ControlMessage, decodeControlMessage, encodeControlMessage } from "./control-message.ts";
import { createHeartbeat } from "./heartbeat.ts";

/** A channel on which this process receives, watched. */
export interface ControlLine {
  readonly channel: string;
  /** Whether messages on this channel arrive now. */
  isAlive(): boolean;
  close(): Promise<void>;
}

const BEAT_INTERVAL_MS = 1_000;
const SILENCE_MS = 3_000;

/**
 * Opens a line. Resolves when messages arrive.
 *
 * Redis tells nobody that a message was missed, so the process sends itself a beat a second on the very channel: the line is alive while
 * beats come back. A lost connection, silence, and a beat that is missing between others are interruptions. A beat that reaches nobody
 * shows that the server which the channel belongs to now is not the one that this process listens to, as after a failover.
 *
 * @param receive gets what is no beat.
 * @throws when Redis cannot be reached or does not deliver.
 */
export async function openControlLine(
  redis: RedisHandle,
  {
    channel,
    receive,
    onInterruption,
  }: {
    channel: string;
    receive: (message: Exclude<ControlMessage, { kind: "beat" }>) => void;
    onInterruption: () => void;
  },
): Promise<ControlLine> {
  const closed = new AbortController();
  const heartbeat = createHeartbeat({
    async send(beat) {
      const { connectionNumber } = subscription;
      const receivers = await redis.publish(channel, encodeControlMessage({ kind: "beat", beat }));
      if (receivers === 0) subscription.renew(connectionNumber);
    },
    onInterruption,
    onSilence: () => subscription.renew(subscription.connectionNumber),
    intervalMs: BEAT_INTERVAL_MS,
    silenceMs: SILENCE_MS,
  });
  const subscription = await redis.subscribe({ channel, onMessage, onLost: heartbeat.lost });

  function onMessage(text: string): void {
    const message = decodeControlMessage(text);
    if (!message) redis.onFault(new Error("a control message has a format that this version does not know"));
    else if (message.kind === "beat") heartbeat.heard(message.beat);
    else receive(message);
  }

  async function close(): Promise<void> {
    closed.abort();
    await subscription.close();
  }

  try {
    await heartbeat.start(AbortSignal.any([closed.signal, redis.closing]));
  } catch (error) {
    await close();
    throw error;
  }
  return { channel, isAlive: heartbeat.isAlive, close };
}
