import type { Session } from "@trine/core/auth";
import { maySubscribe } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import { Backlog } from "./backlog.ts";
import type { Carrier } from "./carrier.ts";
import { Filters } from "./filters.ts";
import { MailboxPump } from "./mailbox-pump.ts";
import { OutgoingWindow } from "./outgoing-window.ts";
import { PublishHandler } from "./publish-handler.ts";
import type { MqttSettings } from "./settings.ts";
import { Wire } from "./wire.ts";

interface Deps {
  readonly platform: Platform;
  readonly settings: MqttSettings;
  readonly link: Carrier;
  readonly session: Session;
  readonly connectionId: string;
  readonly epoch: number;
  /** Subscriptions outlive the connection (cleanSession=0). */
  readonly lasting: boolean;
  /** Whether an earlier lasting session goes on, and its filters. */
  readonly sessionPresent: boolean;
  readonly filters: Iterable<string>;
  readonly implicitSubscriptions: boolean;
  /** The device is told who it is, since it may know from nowhere else (wire-format 2.10). */
  readonly tellsIdentity: boolean;
  /** The device whose connection this one lives on, if it is not its own. */
  readonly host?: DeviceConnection;
}

/** Of a window that is shared: several devices look into their mailboxes at once then. */
const SHARE = 10;

/** A device need not subscribe to it (wire-format 2.10). */
const IDENTITY_TOPIC = "/ext/auth/identity/response";

/** One device that is logged in. */
export class DeviceConnection {
  readonly session: Session;
  readonly connectionId: string;
  readonly epoch: number;
  readonly sessionPresent: boolean;
  readonly link: Carrier;
  readonly wire: Wire;
  readonly filters: Filters;
  readonly pump: MailboxPump;
  readonly publishes: PublishHandler;
  /** Shared by all devices on one connection. */
  readonly window: OutgoingWindow;
  readonly backlog: Backlog;
  readonly #platform: Platform;
  readonly #lasting: boolean;
  readonly #tellsIdentity: boolean;
  readonly #maxSubscriptions: number;

  constructor({ platform, settings, link, session, connectionId, epoch, ...of }: Deps) {
    this.#platform = platform;
    this.#lasting = of.lasting;
    this.#tellsIdentity = of.tellsIdentity;
    this.#maxSubscriptions = settings.TRINE_MQTT_SUBSCRIPTIONS;
    this.session = session;
    this.connectionId = connectionId;
    this.epoch = epoch;
    this.sessionPresent = of.sessionPresent;
    this.link = link;
    const { device } = session;
    const wire = new Wire(link.stream, () => link.isGone);
    const filters = new Filters(device, { implicit: of.implicitSubscriptions, filters: of.filters });
    this.wire = wire;
    this.filters = filters;
    this.window = of.host?.window ?? new OutgoingWindow(settings.TRINE_MQTT_IN_FLIGHT);
    this.backlog = of.host?.backlog ?? new Backlog(settings.TRINE_MQTT_QUEUED_PUBLISHES);
    this.pump = new MailboxPump({
      platform,
      device,
      taker: { id: connectionId, epoch },
      wire,
      filters,
      window: this.window,
      share: of.host ? SHARE : settings.TRINE_MQTT_IN_FLIGHT,
    });
    this.publishes = new PublishHandler({
      platform,
      session,
      filters,
      wire,
      backlog: this.backlog,
      breakOff: (why) => link.breakOff(why),
      isCut: () => link.isCut,
      pass: (ms) => link.pass(ms),
    });
  }

  /** The login was answered: messages may follow. */
  begin(): void {
    this.wire.begin();
    if (this.#tellsIdentity)
      this.wire.publishQos0(IDENTITY_TOPIC, Buffer.from(JSON.stringify(identityOf(this.session))));
    this.pump.run();
  }

  /**
   * Grants a filter, or says why not, as a stable word (wire-format 2.6). Resolves when a lasting session has it.
   *
   * @throws when the store cannot answer.
   */
  async subscribe(filter: string, qos: 0 | 1): Promise<"granted" | "forbidden_filter" | "too_many_subscriptions"> {
    if (!maySubscribe(this.session, filter)) return "forbidden_filter";
    if (this.filters.size >= this.#maxSubscriptions && !this.filters.has(filter)) return "too_many_subscriptions";
    // Before the store answers, so that filters of one packet count each other.
    this.filters.add(filter);
    if (this.#lasting) await this.#platform.subscriptions.add(this.session.device, [{ filter, qos }]);
    return "granted";
  }

  /** @throws when the store cannot answer. */
  async unsubscribe(filters: readonly string[]): Promise<void> {
    for (const filter of filters) this.filters.remove(filter);
    if (this.#lasting) await this.#platform.subscriptions.remove(this.session.device, filters);
  }
}

function identityOf({ device: { productKey, deviceName } }: Session) {
  return { productKey, deviceName };
}
