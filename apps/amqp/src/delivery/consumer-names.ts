import { createRecentKeys } from "@trine/core/guard";

/**
 * Names of consumers that have left with nothing out. The log keeps the share of a consumer for the deadline of the group; whoever comes next under
 * the same name has it at once, and no message of it out of order.
 */
export interface ConsumerNames {
  take(group: string): string | undefined;
  giveBack(group: string, name: string): void;
}

const MAX_GROUPS = 1_000;
const MAX_NAMES = 64;

export function createConsumerNames(): ConsumerNames {
  const free = createRecentKeys<string[]>(MAX_GROUPS);
  return {
    take: (group) => free.get(group)?.pop(),
    giveBack(group, name) {
      free.set(group, [...(free.get(group) ?? []), name].slice(-MAX_NAMES));
    },
  };
}
