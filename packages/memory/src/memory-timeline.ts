import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { type DeviceLookup, InvalidCursorError, type Timeline, type TimelineEvent } from "@trine/core/ports";

interface Entry extends TimelineEvent {
  readonly ordinal: number;
}

/** Keeps what happened to devices until the process ends. For tests. */
export function createMemoryTimeline({
  registry,
  maxPerDevice = 200,
}: {
  registry: DeviceLookup;
  maxPerDevice?: number;
}): Timeline {
  const entries = new Map<string, readonly Entry[]>();
  let ordinals = 0;

  const iotIdOf = async (device: DeviceRef) => (await registry.findCredentials(device))?.iotId;

  return {
    async append(events) {
      for (const event of events) {
        if ((await iotIdOf(event.device)) !== event.iotId) continue;
        ordinals += 1;
        const key = deviceKey(event.device);
        const known = [...(entries.get(key) ?? []), { ...event, ordinal: ordinals }];
        entries.set(key, known.toSorted(byTime).slice(-maxPerDevice));
      }
    },
    async list(device, { limit, cursor }) {
      if (cursor !== undefined && !/^<-?\d{1,15}-\d{1,15}$/.test(cursor)) throw new InvalidCursorError();
      const [, atMs, ordinal] = /^<(-?\d+)-(\d+)$/.exec(cursor ?? "") ?? [];
      const before = { atMs: Number(atMs ?? Number.POSITIVE_INFINITY), ordinal: Number(ordinal ?? 0) };
      const iotId = await iotIdOf(device);
      const rest = (entries.get(deviceKey(device)) ?? [])
        .filter((entry) => entry.iotId === iotId && byTime(entry, before) < 0)
        .toReversed();
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      const more = last !== undefined && rest.length > items.length;
      return {
        items: items.map(({ ordinal: _, ...event }) => event),
        ...(more ? { nextCursor: `<${last.atMs}-${last.ordinal}` } : {}),
      };
    },
  };
}

type Place = Pick<Entry, "atMs" | "ordinal">;

function byTime(one: Place, other: Place): number {
  return one.atMs - other.atMs || one.ordinal - other.ordinal;
}
