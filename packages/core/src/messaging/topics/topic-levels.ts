/** A topic or filter cut at its slashes. A leading slash gives an empty first level. */
export type Levels = readonly string[];

// Published limits (wire-format 10).
const CUSTOM_TOPIC_BYTES = 128;
const CUSTOM_TOPIC_SLASHES = 7;
// System topics nest others (`/ext/rrpc/{id}/sys/...`), so that the vendor's own exceed the limits of custom ones.
const SYSTEM_TOPIC_BYTES = 256;

/**
 * First level behind the device's names that no topic class may claim: the gateway announces there (wire-format 9.3), and a device
 * must not be able to speak in its name.
 */
export const RESERVED_LEVEL = "thing";

const WILDCARD = /[+#]/;

/** Cuts a topic into its levels; `undefined` when it is no topic: no leading slash, an empty level, a wildcard, NUL, or too long. */
export function parseTopic(topic: string): Levels | undefined {
  return WILDCARD.test(topic) ? undefined : parseLevels(topic);
}

/** Cuts a filter into its levels; `undefined` when it is none: as `parseTopic`, and a wildcard must fill its level, `#` the last one. */
export function parseFilter(filter: string): Levels | undefined {
  const levels = parseLevels(filter);
  return levels?.every((level, at) => isFilterLevel(level, at === levels.length - 1)) ? levels : undefined;
}

/** Whether a topic or filter is within the limits of custom topics (wire-format 6.1): 128 bytes, 7 slashes. */
export function fitsCustomTopic(text: string, levels: Levels): boolean {
  return Buffer.byteLength(text) <= CUSTOM_TOPIC_BYTES && levels.length - 1 <= CUSTOM_TOPIC_SLASHES;
}

function parseLevels(text: string): Levels | undefined {
  if (!text.startsWith("/") || text.includes("\0") || Buffer.byteLength(text) > SYSTEM_TOPIC_BYTES) return undefined;
  const levels = text.split("/");
  return levels.includes("", 1) ? undefined : levels;
}

function isFilterLevel(level: string, isLast: boolean): boolean {
  return level === "+" || (level === "#" && isLast) || !WILDCARD.test(level);
}
