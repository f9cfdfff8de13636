import { AckPolicy, DeliverPolicy, type MsgRequest, type StoredMsg } from "@nats-io/jetstream";
import type { UplinkItem } from "@trine/core/ports";
import type { NatsHandle } from "../connection/nats-handle.ts";
import { STREAM, SUBJECTS, subjectOf } from "../connection/uplink-stream.ts";
import { toItem } from "./uplink-message.ts";

/** A message of the stream. */
export interface StreamMessage {
  readonly position: number;
  /** When the server stored it. */
  readonly storedAtMs: number;
  /** Absent: somebody else's message on a subject of the log. */
  readonly item: UplinkItem | undefined;
}

/** What the stream holds: an empty one ends before it begins. */
export interface StreamBounds {
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly messages: number;
}

/** Reads the stream by place. Asks its leader, for a replica may not have yet what was acknowledged. */
export interface StreamReader {
  bounds(): Promise<StreamBounds>;
  /** The message at a place, if it is still there. */
  at(position: number): Promise<StreamMessage | undefined>;
  /** The first message from a place on, of one partition or of all. @param last the end of the stream, as it was when the caller began. */
  next(from: number, last: number, partition?: number): Promise<StreamMessage | undefined>;
  /** How many messages of a partition lie within these places, both included. */
  count(partition: number, from: number, to: number): Promise<number>;
}

// Few messages are counted by looking at each; more by a consumer that the server makes for it, which costs it more.
const MOST_WALKED = 32;
const CONSUMER_LIVES_NS = 5_000_000_000;
/** How long it is believed that a partition has nothing new, while the stream does not grow. */
const QUIET_MS = 5_000;

interface Quiet {
  readonly from: number;
  readonly upTo: number;
  readonly untilMs: number;
}

export function createStreamReader({ manager }: NatsHandle): StreamReader {
  const quiet = new Map<number, Quiet>();

  async function get(query: MsgRequest): Promise<StreamMessage | undefined> {
    const stored = await manager.streams.getMessage(STREAM, query);
    return stored ? toMessage(stored) : undefined;
  }

  function isQuiet(partition: number, from: number, last: number): boolean {
    const known = quiet.get(partition);
    return !!known && known.from <= from && known.upTo >= last && performance.now() < known.untilMs;
  }

  async function next(from: number, last: number, partition?: number): Promise<StreamMessage | undefined> {
    if (from > last) return undefined;
    if (partition === undefined) return get(nextOf(SUBJECTS, from));
    if (isQuiet(partition, from, last)) return undefined;
    const found = await get(nextOf(subjectOf(partition), from));
    if (!found) quiet.set(partition, { from, upTo: last, untilMs: performance.now() + QUIET_MS });
    return found;
  }

  /** How many messages of a partition there are from a place on. */
  async function countFrom(partition: number, from: number): Promise<number> {
    const { name, num_pending: count } = await manager.consumers.add(STREAM, {
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: from,
      filter_subject: subjectOf(partition),
      mem_storage: true,
      num_replicas: 1,
      inactive_threshold: CONSUMER_LIVES_NS,
    });
    await manager.consumers.delete(STREAM, name);
    return count;
  }

  return {
    async bounds() {
      const { first_seq, last_seq, bytes, messages } = (await manager.streams.info(STREAM)).state;
      return { first: Math.max(1, first_seq), last: last_seq, bytes, messages };
    },
    at: (position) => get({ seq: position }),
    next,
    async count(partition, from, to) {
      let at = from;
      for (let walked = 0; walked < MOST_WALKED; walked += 1) {
        const found = await next(at, to, partition);
        if (!found || found.position > to) return walked;
        at = found.position + 1;
      }
      const [rest, beyond] = [await countFrom(partition, at), await countFrom(partition, to + 1)];
      return MOST_WALKED + rest - beyond;
    },
  };
}

function nextOf(subject: string, seq: number): MsgRequest {
  const query = { seq, next_by_subj: subject };
  return query;
}

function toMessage(stored: StoredMsg): StreamMessage {
  return { position: stored.seq, storedAtMs: stored.time.getTime(), item: toItem(stored) };
}
