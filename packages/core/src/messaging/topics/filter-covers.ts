import type { Levels } from "./topic-levels.ts";

/**
 * Whether a filter covers a topic: `+` stands for exactly one level, a final `#` for any number of them, none included.
 *
 * Both must be well-formed; a filter with wildcards elsewhere covers nothing but its own text.
 */
export function filterCovers(filter: string, topic: string): boolean {
  return filter === topic || levelsCover(filter.split("/"), topic.split("/"));
}

/** `filterCovers` on levels that are cut already. */
export function levelsCover(filter: Levels, topic: Levels): boolean {
  for (const [at, level] of filter.entries()) {
    if (level === "#" && at === filter.length - 1) return topic.length >= at;
    if (at >= topic.length || (level !== "+" && level !== topic[at])) return false;
  }
  return filter.length === topic.length;
}

/** Whether some topic is covered by both filters. */
export function filtersOverlap(one: Levels, other: Levels): boolean {
  const shared = Math.min(one.length, other.length);
  for (let at = 0; at < shared; at += 1) {
    const [left, right] = [one[at], other[at]];
    if (left === "#" || right === "#") return true;
    if (left !== "+" && right !== "+" && left !== right) return false;
  }
  if (one.length === other.length) return true;
  // `a/#` covers `a` as well.
  const longer = one.length > other.length ? one : other;
  return longer.length === shared + 1 && longer[shared] === "#";
}
