import type { ServiceMessage } from "../../contracts.ts";
import { MOST_PROPERTIES } from "../tsl/parse-model.ts";
import { isObject, MALFORMED, type Posted, type PostFault, toPosted } from "./posted.ts";
import type { ParsePosting, Posting } from "./take-posts.ts";

const TOO_MANY: PostFault = { code: 6106, message: `${MOST_PROPERTIES} values at most` };

const MOST_SUB_DEVICES = 20;
const TOO_MANY_SUB_DEVICES: PostFault = { code: 6357, message: `${MOST_SUB_DEVICES} sub-devices at most` };

/** Whose values are not the device's own. */
const NO_TOPOLOGY: PostFault = { code: 6401, message: "no topology with that device" };

type Arrived = Pick<ServiceMessage, "device" | "receivedAtMs">;

/** `event/property/post`: `{"Temp":22.5}` or `{"Temp":{"value":22.5,"time":1524448722000}}` (wire-format 8.1). */
export const parseProperties: ParsePosting = (params, { receivedAtMs }) => {
  if (!isObject(params)) return MALFORMED;
  const entries = Object.entries(params);
  if (entries.length > MOST_PROPERTIES) return TOO_MANY;
  return { rounds: [entries.map(([name, given]) => toPosted(name, given, receivedAtMs))], events: [] };
};

/** `event/{id}/post`: `{"value":{…},"time":ms}`, or the value alone, as the Node SDK sends it (wire-format 8.1). */
export const parseEvent: ParsePosting = (params, { open: [identifier = ""], receivedAtMs }) =>
  isObject(params) ? { rounds: [], events: [toPosted(identifier, params, receivedAtMs)] } : MALFORMED;

/**
 * `event/property/pack/post` and `event/property/batch/post`: `{"properties":{…},"events":{…},"subDevices":[…]}`, with one value or a list of
 * them for each name (wire-format 8.1).
 */
export const parsePack: ParsePosting = (params, arrived) => {
  if (!isObject(params)) return MALFORMED;
  const { properties = {}, events = {}, subDevices = [] } = params;
  if (!isObject(properties) || !isObject(events) || !Array.isArray(subDevices)) return MALFORMED;
  if (subDevices.length > MOST_SUB_DEVICES) return TOO_MANY_SUB_DEVICES;
  if (subDevices.length > 0) return NO_TOPOLOGY;
  return postingOf(listOf(properties, arrived), listOf(events, arrived));
};

/**
 * `event/property/history/post`: `[{"identity":{pk,dn},"properties":[{"P":{"value","time"}}],"events":[…]}]` (wire-format 8.1); without
 * `identity`, or with its own, of the device itself.
 */
export const parseHistory: ParsePosting = (params, arrived) => {
  if (!Array.isArray(params)) return MALFORMED;
  const properties: Posted[] = [];
  const events: Posted[] = [];
  for (const part of params) {
    if (!isObject(part)) return MALFORMED;
    const { identity, properties: someProperties = [], events: someEvents = [] } = part;
    if (!isOwn(identity, arrived)) return NO_TOPOLOGY;
    if (!areObjects(someProperties) || !areObjects(someEvents)) return MALFORMED;
    for (const one of someProperties) properties.push(...listOf(one, arrived));
    for (const one of someEvents) events.push(...listOf(one, arrived));
    // Before a long list is gone through any further.
    if (properties.length + events.length > MOST_PROPERTIES) return TOO_MANY;
  }
  return postingOf(properties, events);
};

function listOf(named: Readonly<Record<string, unknown>>, { receivedAtMs }: Arrived): readonly Posted[] {
  return Object.entries(named).flatMap(([name, given]) =>
    // A list of wrapped values, unlike an array, which is one value.
    Array.isArray(given) && given.length > 0 && given.every((one) => isObject(one) && Object.hasOwn(one, "value"))
      ? given.map((one) => toPosted(name, one, receivedAtMs))
      : [toPosted(name, given, receivedAtMs)],
  );
}

function postingOf(properties: readonly Posted[], events: readonly Posted[]): Posting | PostFault {
  if (properties.length + events.length > MOST_PROPERTIES) return TOO_MANY;
  const rounds: Posted[][] = [];
  const times = new Map<string, number>();
  for (const posted of properties) {
    const round = times.get(posted.identifier) ?? 0;
    times.set(posted.identifier, round + 1);
    const values = rounds[round] ?? [];
    values.push(posted);
    rounds[round] = values;
  }
  return { rounds, events };
}

function isOwn(identity: unknown, { device }: Arrived): boolean {
  if (identity === undefined) return true;
  return (
    isObject(identity) && identity["productKey"] === device.productKey && identity["deviceName"] === device.deviceName
  );
}

function areObjects(list: unknown): list is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(list) && list.every(isObject);
}
