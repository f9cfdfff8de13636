import { deviceKey } from "@trine/core/certificate";
import type { Subscription, SubscriptionStore } from "@trine/core/ports";

/** Keeps lasting sessions' subscriptions until the process ends. For tests. */
export function createMemorySubscriptionStore(): SubscriptionStore {
  const sessions = new Map<string, Map<string, Subscription>>();
  return {
    async load(device) {
      const session = sessions.get(deviceKey(device));
      return session && [...session.values()];
    },
    async add(device, subscriptions) {
      const session = sessions.get(deviceKey(device)) ?? new Map<string, Subscription>();
      for (const subscription of subscriptions) session.set(subscription.filter, subscription);
      sessions.set(deviceKey(device), session);
    },
    async remove(device, filters) {
      const session = sessions.get(deviceKey(device));
      for (const filter of filters) session?.delete(filter);
    },
    async clear(device) {
      sessions.delete(deviceKey(device));
    },
  };
}
