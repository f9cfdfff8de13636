import { UPLINK_PARTITIONS } from "../../ports/uplink-log.ts";

/** Who reads in a group, each with the time of its last read. */
export type UplinkReaders = readonly (readonly [consumer: string, readAtMs: number])[];

/** What part of the deadline may pass before a read is noted again: most reads then write nothing. */
const NOTE_EVERY = 1 / 8;

/** Most readers that are known of a group: more than there are partitions, and few enough for a client that names itself anew at each read. */
export const MAX_READERS = 256;

/**
 * Notes that a consumer reads, and forgets those that have not read for the deadline of their group, or up to an eighth longer.
 *
 * @returns the same list when there is nothing to note.
 */
export function noteReader(
  readers: UplinkReaders,
  { consumer, nowMs, deadlineMs }: { consumer: string; nowMs: number; deadlineMs: number },
): UplinkReaders {
  const present = readers.filter(([, readAtMs]) => nowMs - readAtMs < keepReaderMs(deadlineMs));
  const noted = present.some(
    ([name, readAtMs]) => name === consumer && Math.abs(nowMs - readAtMs) < deadlineMs * NOTE_EVERY,
  );
  if (noted) return present.length === readers.length ? readers : present;
  return [...present.filter(([name]) => name !== consumer).slice(1 - MAX_READERS), [consumer, nowMs]];
}

/** How long a consumer that was noted keeps its share without reading. */
export function keepReaderMs(deadlineMs: number): number {
  return Math.ceil(deadlineMs * (1 + NOTE_EVERY));
}

/**
 * The partitions of one consumer, when these consumers share a log. Shares differ by one partition at most, are the same wherever they are
 * worked out, and mostly stay when somebody comes or goes: each partition ranks the consumers in an order of its own and goes to
 * the first that has room.
 */
export function shareOf(consumers: readonly string[], consumer: string): ReadonlySet<number> {
  const sharers = [...new Set(consumers)].toSorted().map((name) => ({ name, seed: hash(name), count: 0 }));
  const even = Math.floor(UPLINK_PARTITIONS / sharers.length);
  let larger = UPLINK_PARTITIONS % sharers.length;
  const share = new Set<number>();
  for (let partition = 0; partition < UPLINK_PARTITIONS; partition += 1) {
    const withRoom = sharers.filter(({ count }) => count < even || (count === even && larger > 0));
    const owner = withRoom.reduce((best, one) => (rank(one, partition) > rank(best, partition) ? one : best));
    if (owner.count === even) larger -= 1;
    owner.count += 1;
    if (owner.name === consumer) share.add(partition);
  }
  return share;
}

function hash(text: string): number {
  let hashed = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hashed = Math.imul(hashed ^ text.charCodeAt(at), 0x01000193);
  return hashed;
}

/** Spreads well over neighbouring partitions and similar names (the finalizer of MurmurHash3). */
function rank({ seed }: { seed: number }, partition: number): number {
  let mixed = seed ^ Math.imul(partition + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
