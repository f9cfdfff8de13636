import type { Session } from "@trine/core/auth";
import { filterCovers, isSystemTopic } from "@trine/core/messaging";

/** What a connection is subscribed to. */
export interface Filters {
  readonly size: number;
  has(filter: string): boolean;
  add(filter: string): void;
  remove(filter: string): void;
  /** Whether the device gets this topic: by a filter, or by its implicit subscription. */
  covers(topic: string): boolean;
  /** Whether it gets it by a filter of its own. */
  coversExplicitly(topic: string): boolean;
}

/** Starts with the subscriptions of a lasting session. */
export function createFilters(session: Session, options: { implicit: boolean; filters: readonly string[] }): Filters {
  const filters = new Set(options.filters);
  const coversExplicitly = (topic: string) =>
    filters.has(topic) || [...filters].some((filter) => filterCovers(filter, topic));
  return {
    get size() {
      return filters.size;
    },
    has: (filter) => filters.has(filter),
    add: (filter) => filters.add(filter),
    remove: (filter) => filters.delete(filter),
    covers: (topic) => (options.implicit && isSystemTopic(session.device, topic)) || coversExplicitly(topic),
    coversExplicitly,
  };
}
