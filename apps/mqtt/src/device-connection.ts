import type { Session } from "@trine/core/auth";
import { maySubscribe } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import type { Subscription } from "@trine/core/ports";
import { createFilters, type Filters } from "./filters.ts";
import { createMailboxPump, type MailboxPump } from "./mailbox-pump.ts";
import { createPublishHandler, type PublishHandler } from "./publish-handler.ts";
import type { MqttSettings } from "./settings.ts";
import type { Wire } from "./wire.ts";

/** One device that is logged in. */
export interface DeviceConnection {
  readonly session: Session;
  readonly epoch: number;
  readonly filters: Filters;
  readonly pump: MailboxPump;
  readonly publishes: PublishHandler;
  readonly wire: Wire;
  /** The subscriptions of a lasting session that was there, else `undefined`. */
  readonly restored: readonly Subscription[] | undefined;
  /** Grants a filter or not (wire-format 2.6). Resolves when a lasting session has it. @throws when the store cannot answer. */
  subscribe(filter: string, qos: 0 | 1): Promise<boolean>;
  unsubscribe(filters: readonly string[]): Promise<void>;
}

/** Puts a connection together. */
export function createDeviceConnection(deps: {
  platform: Platform;
  settings: MqttSettings;
  session: Session;
  epoch: number;
  wire: Wire;
  lasting: boolean;
  implicitSubscriptions: boolean;
  restored: readonly Subscription[] | undefined;
}): DeviceConnection {
  const { platform, settings, session, epoch, wire, lasting, restored } = deps;
  const { device } = session;
  const filters = createFilters(session, {
    implicit: deps.implicitSubscriptions,
    filters: (restored ?? []).map(({ filter }) => filter),
  });
  return {
    session,
    epoch,
    filters,
    wire,
    restored,
    pump: createMailboxPump({ platform, device, wire, filters, maxInFlight: settings.TRINE_MQTT_IN_FLIGHT }),
    publishes: createPublishHandler({ platform, session, filters, wire }),
    async subscribe(filter, qos) {
      const isFull = filters.size >= settings.TRINE_MQTT_SUBSCRIPTIONS && !filters.has(filter);
      if (isFull || !maySubscribe(session, filter)) return false;
      if (lasting) await platform.subscriptions.add(device, [{ filter, qos }]);
      filters.add(filter);
      return true;
    },
    async unsubscribe(unwanted) {
      for (const filter of unwanted) filters.remove(filter);
      if (lasting) await platform.subscriptions.remove(device, unwanted);
    },
  };
}
