import { type DeviceRef, parseDeviceRef } from "../../certificate/names.ts";

/** Where a topic has its device's names, by its first word, and by its first two (wire-format 6.2). Topics of applications begin with them. */
const PLACES: Readonly<Record<string, number>> = {
  sys: 2,
  shadow: 3,
  ota: 4,
  "ext/ntp": 3,
  "ext/session": 3,
  "ext/error": 3,
};

/** The device that a topic or filter belongs to, by its names in it; `undefined` when it has none, or a wildcard in their place. */
export function namedDevice(topic: string): DeviceRef | undefined {
  const levels = topic.split("/", 8);
  const family = levels[1] ?? "";
  const isKnown = family === "ext" || Object.hasOwn(PLACES, family);
  const at = isKnown ? placeIn(family, levels) : 1;
  return at === undefined ? undefined : parseDeviceRef(levels[at] ?? "", levels[at + 1] ?? "");
}

function placeIn(family: string, levels: readonly string[]): number | undefined {
  if (family !== "ext") return PLACES[family];
  if (levels[2] === "rrpc") return levels[4] === "sys" ? 5 : undefined;
  return PLACES[`ext/${levels[2]}`];
}
