import type { DeviceRef } from "../../certificate/names.ts";
import type { ProductProfile, TopicClass, TopicPermission } from "../../ports/device-registry.ts";
import { filtersOverlap, levelsCover } from "./filter-covers.ts";
import { isSystemTopicOf } from "./system-topics.ts";
import { fitsCustomTopic, type Levels, parseFilter, parseTopic, RESERVED_LEVEL } from "./topic-levels.ts";

/** Whose topics are judged; every `Session` is one. */
export interface TopicUser {
  readonly device: DeviceRef;
  readonly product: ProductProfile;
}

/** Whether the device may publish on a topic: its own, a system topic that devices send on or a class with `pub` or `all` (wire-format 6). */
export function mayPublish(user: TopicUser, topic: string): boolean {
  return mayUse(user, topic, "up");
}

/** Whether an application may send a message to the device on this topic: one that the device may subscribe to. */
export function mayReceive(user: TopicUser, topic: string): boolean {
  return mayUse(user, topic, "down");
}

/**
 * Whether a subscription is granted (wire-format 2.6, 6.1, 6.2): own topics only, so the levels of the productKey and the deviceName
 * must be spelled; wildcards may follow. System topics are granted in either direction, because SDKs subscribe to both.
 * Shared subscriptions (`$share/...`) name no device's topics and are refused with the rest.
 */
export function maySubscribe({ device, product }: TopicUser, filter: string): boolean {
  const levels = parseFilter(filter);
  if (levels === undefined) return false;
  const custom = customLevels(device, levels);
  if (custom === undefined) return isSystemTopicOf(device, levels);
  return (
    fitsCustomTopic(filter, levels) &&
    classesOf(product).some(({ permission, suffix }) => permission !== "pub" && filtersOverlap(suffix, custom))
  );
}

/** Whether a topic is one that a device with an implicit subscription gets without asking (wire-format 0.5, 0.20). */
export function isSystemTopic(device: DeviceRef, topic: string): boolean {
  const levels = parseTopic(topic);
  return levels !== undefined && isSystemTopicOf(device, levels, "down");
}

/** Whether the device gets its own publishes on a topic, if it subscribed: it holds `all` on it (wire-format 6.1). */
export function sharesOwn({ device, product }: TopicUser, topic: string): boolean {
  const levels = parseTopic(topic);
  const custom = levels && customLevels(device, levels);
  return (
    custom !== undefined &&
    classesOf(product).some(({ permission, suffix }) => permission === "all" && levelsCover(suffix, custom))
  );
}

function mayUse({ device, product }: TopicUser, topic: string, way: "up" | "down"): boolean {
  const levels = parseTopic(topic);
  if (levels === undefined) return false;
  const custom = customLevels(device, levels);
  if (custom === undefined) return isSystemTopicOf(device, levels, way);
  const refused: TopicPermission = way === "up" ? "sub" : "pub";
  return (
    fitsCustomTopic(topic, levels) &&
    classesOf(product).some(({ permission, suffix }) => permission !== refused && levelsCover(suffix, custom))
  );
}

/** What follows `/{productKey}/{deviceName}/`; `undefined` when the topic is not one that a class can cover. */
function customLevels({ productKey, deviceName }: DeviceRef, levels: Levels): Levels | undefined {
  const isOwn =
    levels.length > 3 && levels[1] === productKey && levels[2] === deviceName && levels[3] !== RESERVED_LEVEL;
  return isOwn ? levels.slice(3) : undefined;
}

interface CutClass {
  readonly permission: TopicPermission;
  readonly suffix: Levels;
}

// A profile is shared by all devices of its product and judged at every message: its classes are cut once.
const cutClasses = new WeakMap<readonly TopicClass[], readonly CutClass[]>();

function classesOf({ topicClasses }: ProductProfile): readonly CutClass[] {
  const known = cutClasses.get(topicClasses);
  if (known) return known;
  const cut = topicClasses.map(({ permission, suffix }) => ({ permission, suffix: suffix.split("/") }));
  cutClasses.set(topicClasses, cut);
  return cut;
}
