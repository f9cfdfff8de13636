import type { DeviceRef } from "@trine/core/certificate";

/** The handlers of all services by the topics that they serve. */
export interface TopicTable<Handler> {
  /** Who serves a topic of the device, and the levels that the pattern leaves open. */
  find(device: DeviceRef, topic: string): { readonly handler: Handler; readonly open: readonly string[] } | undefined;
}

/**
 * Makes a table of patterns: `{pk}` and `{dn}` are the device's own names, `+` is one level, a final `#` one or more. A pattern without
 * open levels is found at once and goes before the others; of these the first counts.
 *
 * @throws when a pattern is there twice.
 */
export function createTopicTable<Handler>(entries: Iterable<readonly [string, Handler]>): TopicTable<Handler> {
  const closed = new Map<string, Handler>();
  const opened: { levels: readonly string[]; handler: Handler }[] = [];
  for (const [pattern, handler] of entries) {
    const levels = pattern.split("/");
    if (levels.some((level) => level === "+" || level === "#")) opened.push({ levels, handler });
    else if (closed.has(pattern)) throw new Error(`two services serve ${pattern}`);
    else closed.set(pattern, handler);
  }
  const families = new Set([...closed.keys(), ...opened.map(({ levels }) => levels.join("/"))].map(familyOf));

  return {
    find(device, topic) {
      // Most messages are on topics of applications: they cost nothing more than this.
      if (!families.has(familyOf(topic))) return undefined;
      const general = generalize(device, topic);
      const handler = closed.get(general);
      if (handler) return { handler, open: [] };
      const levels = general.split("/");
      for (const row of opened) {
        const open = openLevels(row.levels, levels);
        if (open) return { handler: row.handler, open };
      }
      return undefined;
    },
  };
}

function familyOf(topic: string): string {
  return topic.slice(1, Math.max(1, topic.indexOf("/", 1)));
}

function generalize({ productKey, deviceName }: DeviceRef, topic: string): string {
  const names = `/${productKey}/${deviceName}`;
  const at = topic.indexOf(names);
  const end = at + names.length;
  if (at < 0 || (end < topic.length && topic[end] !== "/")) return topic;
  return `${topic.slice(0, at)}/{pk}/{dn}${topic.slice(end)}`;
}

function openLevels(pattern: readonly string[], levels: readonly string[]): readonly string[] | undefined {
  const open: string[] = [];
  for (const [at, cell] of pattern.entries()) {
    const level = levels[at];
    if (level === undefined) return undefined;
    if (cell === "#") return [...open, levels.slice(at).join("/")];
    if (cell === "+") open.push(level);
    else if (cell !== level) return undefined;
  }
  return levels.length === pattern.length ? open : undefined;
}
