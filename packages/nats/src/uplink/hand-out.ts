import { expireLease, handOut, isOpenTo, type PartitionCursor, settleMessages, shareOf } from "@trine/core/messaging";
import type { UplinkItem } from "@trine/core/ports";
import { cursorOf, type GroupState, withCursors } from "./group-state.ts";
import type { StreamReader } from "./stream-reader.ts";

/** Most messages that a group may have out, so that what is written of it at each read stays small. */
const MAX_OUT = 20_000;
/** Most messages that one read of a group of one product looks at. */
const MAX_LOOKED_AT = 2_000;

/** A partition of the read: its cursor, what is handed out of it, and how far it was looked at. */
interface Place {
  readonly cursor: PartitionCursor;
  readonly given: number[];
  readonly gone: Set<number>;
  readTo: number;
}

/** Hands messages of its share to a consumer that is among the group's readers. @returns the group as it is then, and the messages. */
export async function handOutOf(
  group: GroupState,
  { consumer, count, nowMs }: { consumer: string; count: number; nowMs: number },
  stream: StreamReader,
): Promise<{ group: GroupState; items: UplinkItem[] }> {
  const share = shareOf(
    group.readers.map(([name]) => name),
    consumer,
  );
  const places = startAnywhere([...share])
    .map((partition) => expireLease(cursorOf(group, partition), nowMs))
    .filter((cursor) => isOpenTo(cursor, consumer))
    .map((cursor): Place => ({ cursor, given: [], gone: new Set(), readTo: cursor.readTo }));

  const again = await takeAgain(places, count, stream);
  const ready = places.filter(({ cursor, given, gone }) => given.length + gone.size === cursor.again.length);
  const room = Math.min(count - again.length, MAX_OUT - outOf(group));
  const items = [...again, ...(await takeNew(ready, { room, productKey: group.productKey }, stream))];

  const lease = { consumer, deadlineMs: nowMs + group.ackDeadlineMs };
  const changed = places
    .map((place) => moved(place, lease))
    .filter((cursor) => cursor !== group.cursors.get(cursor.partition));
  return { group: changed.length > 0 ? withCursors(group, changed) : group, items };
}

/** What was handed out before and comes again, the oldest first. */
async function takeAgain(places: readonly Place[], count: number, stream: StreamReader): Promise<UplinkItem[]> {
  const wanted = places
    .flatMap((place) => place.cursor.again.map((position) => ({ place, position })))
    .toSorted((a, b) => a.position - b.position)
    .slice(0, count);
  const found = await Promise.all(wanted.map(({ position }) => stream.at(position)));
  return wanted.flatMap(({ place, position }, i) => {
    const item = found[i]?.item;
    if (item) place.given.push(position);
    else place.gone.add(position);
    return item ?? [];
  });
}

/** What is new, from each partition in turn, one at a time: the partitions side by side. */
async function takeNew(
  ready: readonly Place[],
  { room, productKey }: { room: number; productKey: GroupState["productKey"] },
  stream: StreamReader,
): Promise<UplinkItem[]> {
  const items: UplinkItem[] = [];
  if (room <= 0 || ready.length === 0) return items;
  const { first, last } = await stream.bounds();
  let places = ready;
  for (let lookedAt = 0; places.length > 0 && items.length < room && lookedAt < MAX_LOOKED_AT; ) {
    const asked = places.slice(0, room - items.length);
    const found = await Promise.all(
      asked.map(({ cursor, readTo }) => stream.next(Math.max(first, readTo + 1), last, cursor.partition)),
    );
    for (const [i, place] of asked.entries()) {
      const message = found[i];
      if (!message) continue;
      place.readTo = message.position;
      if (!message.item || (productKey ?? message.item.productKey) !== message.item.productKey) continue;
      place.given.push(message.position);
      items.push(message.item);
    }
    lookedAt += asked.length;
    places = [...places.slice(asked.length), ...asked.filter((_, i) => found[i])];
  }
  return items;
}

function moved(
  { cursor, given, gone, readTo }: Place,
  lease: { consumer: string; deadlineMs: number },
): PartitionCursor {
  const after = handOut(settleMessages(cursor, gone).cursor, given, lease);
  return readTo > after.readTo ? { ...after, readTo } : after;
}

function outOf({ cursors }: GroupState): number {
  return [...cursors.values()].reduce((sum, { out, again }) => sum + out.length + again.length, 0);
}

/** Begins elsewhere at each read, so that small reads get round to every partition. */
function startAnywhere(partitions: readonly number[]): number[] {
  const at = Math.floor(Math.random() * partitions.length);
  return [...partitions.slice(at), ...partitions.slice(0, at)];
}
