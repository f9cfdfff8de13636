import { isRefusal, type Refusal, type Session } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { namedDevice, type Publish } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import type { CarriedLogin } from "@trine/core/ports";
import { type CarriedErrorCode, carriedError, codeOfEnd } from "./carried-error.ts";
import type { Carrier } from "./carrier.ts";
import type { ConnectionTable } from "./connection-table.ts";
import type { DeviceConnection } from "./device-connection.ts";
import { endConnection } from "./end-connection.ts";
import type { PendingWork } from "./pending-work.ts";
import type { AnsweringCarrier } from "./publish-handler.ts";
import type { MqttSettings } from "./settings.ts";
import { signIn } from "./sign-in.ts";
import { SubLink } from "./sub-link.ts";
import { TRANSPORT } from "./transport.ts";

interface Deps {
  readonly platform: Platform;
  readonly settings: MqttSettings;
  readonly table: ConnectionTable;
  readonly work: PendingWork;
  readonly link: Carrier;
  /** Nobody can listen on the way, or that is let. */
  readonly isPrivate: boolean;
  /** The gateway's own. */
  readonly connection: DeviceConnection;
}

/** Devices whose mailboxes are looked into at one sign of life of their gateway. */
const LOOKS = 50;

/** The devices behind one gateway that are logged in, each with a session of its own over the gateway's connection (wire-format 7). */
export class CarriedDevices implements AnsweringCarrier {
  readonly #deps: Deps;
  readonly #devices = new Map<string, DeviceConnection>();
  /** Those that log in just now: what they replace needs no telling. */
  readonly #joining = new Set<string>();
  /** Joined, and the gateway was not told yet. */
  #unanswered: DeviceConnection[] = [];
  /** Messages of devices that were not logged in when they came, whose turn did not come yet: a login may be before them. */
  #unrouted = 0;
  #joins = 0;
  #errors = 0;
  #looks: Iterator<DeviceConnection> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    // Each device that waits for its turn to send listens for the end of the connection.
    deps.link.stream.setMaxListeners(0);
  }

  get isPrivate(): boolean {
    return this.#deps.isPrivate;
  }

  get size(): number {
    return this.#devices.size;
  }

  async join({ implicitSubscriptions, lasting, ...login }: CarriedLogin): Promise<Session | Refusal> {
    const { link, connection: host } = this.#deps;
    const key = deviceKey(login.device);
    this.#joins += 1;
    const place = new SubLink({
      id: `${link.id}.${this.#joins}`,
      parent: link,
      gateway: host.session.device,
      onEnd: (ended) => this.#ended(login.device, ended),
    });
    const attempt = { ...login, transport: TRANSPORT, peer: host.session.peer, keep: "connection" } as const;
    this.#joining.add(key);
    try {
      const request = { lasting, isOld: true };
      // A gateway that does not subscribe for itself does not for those behind it either (wire-format 0.20).
      const connect = { attempt, implicitSubscriptions: implicitSubscriptions || host.filters.isImplicit };
      const joined = await signIn(connect, { ...this.#deps, link: place, request, host });
      if (isRefusal(joined)) return joined;
      this.#devices.set(key, joined);
      if (place.isGone) this.#ended(login.device, place);
      else this.#unanswered.push(joined);
      return joined.session;
    } finally {
      this.#joining.delete(key);
    }
  }

  async leave(device: DeviceRef, why: string): Promise<boolean> {
    const connection = this.#devices.get(deviceKey(device));
    if (!(connection?.link instanceof SubLink)) return false;
    await connection.publishes.idle();
    connection.link.end(why);
    return true;
  }

  answered(): void {
    for (const connection of this.#unanswered.splice(0)) connection.begin();
  }

  /** Takes a message of the gateway, or of a device behind it. `acknowledge` as in `PublishHandler.take`. */
  take(message: Publish, acknowledge: () => void): void {
    const { topic } = message;
    const { publishes } = this.#deps.connection;
    const carried = this.carriedOn(topic);
    if (this.#isOwn(topic) || (!carried && !namedDevice(topic))) publishes.take(message, acknowledge, this);
    else if (carried && this.#unrouted === 0) carried.publishes.take(message, acknowledge);
    else this.#takeInTurn(message, acknowledge);
  }

  /** The device behind the gateway that a topic or filter belongs to, if it is logged in. */
  carriedOn(topic: string): DeviceConnection | undefined {
    if (this.#devices.size === 0 || this.#isOwn(topic)) return undefined;
    const levels = topic.split("/", MOST_LEVELS);
    for (const [at, level] of levels.entries()) {
      const carried = this.#devices.get(`${level}/${levels[at + 1]}`);
      if (carried) return carried;
    }
    return undefined;
  }

  /** Whose topic or filter it is: of nobody who is logged in, the gateway's. Later, where a login that came before may be under way. */
  ownerOf(topic: string): DeviceConnection | Promise<DeviceConnection> {
    const { connection } = this.#deps;
    const carried = this.carriedOn(topic);
    if (carried || this.#isOwn(topic) || !namedDevice(topic)) return carried ?? connection;
    return connection.publishes.idle().then(() => this.carriedOn(topic) ?? connection);
  }

  /** Looks into some of the mailboxes: hints may have been lost. The next ones have their turn the next time. */
  look(): void {
    const looks = this.#looks ?? this.#devices.values();
    this.#looks = looks;
    for (let count = 0; count < LOOKS; count += 1) {
      const { value, done } = looks.next();
      if (done) this.#looks = undefined;
      if (done) return;
      value.pump.run();
    }
  }

  /** The connection is gone, and with it every device on it. */
  endAll(): void {
    for (const { link } of [...this.#devices.values()]) if (link instanceof SubLink) link.end(this.#deps.link.why);
  }

  /** Decides whose message it is when everything before it is decided. */
  #takeInTurn(message: Publish, acknowledge: () => void): void {
    const { connection, link, platform } = this.#deps;
    this.#unrouted += 1;
    connection.publishes.after(() => {
      this.#unrouted -= 1;
      const carried = this.carriedOn(message.topic);
      if (carried) carried.publishes.take(message, acknowledge);
      if (carried || link.isCut) return;
      platform.recorder.dropped(TRANSPORT, "not_logged_in");
      const device = namedDevice(message.topic);
      if (device) this.#tell(520, device);
      acknowledge();
    });
  }

  #ended(device: DeviceRef, link: SubLink): void {
    const key = deviceKey(device);
    const connection = this.#devices.get(key);
    // A newer session of the device may be here already.
    const ended = connection?.link === link ? connection : undefined;
    if (!ended) return;
    this.#devices.delete(key);
    const { work } = this.#deps;
    work.track("close_carried", endConnection(ended, this.#deps));
    if (!this.#joining.has(key) && link.isCut) work.track("carried_error", this.#tellEnd(device, link.why));
  }

  async #tellEnd(device: DeviceRef, why: string): Promise<void> {
    if (this.#deps.link.isGone) return;
    this.#tell(await codeOfEnd(device, why, this.#deps.platform.lookup), device);
  }

  #tell(code: CarriedErrorCode, device: DeviceRef): void {
    const { wire, session } = this.#deps.connection;
    const { productKey, deviceName } = session.device;
    this.#errors += 1;
    wire.publishQos0(`/ext/error/${productKey}/${deviceName}`, carriedError(this.#errors, code, device));
  }

  #isOwn(topic: string): boolean {
    const names = `/${deviceKey(this.#deps.connection.session.device)}`;
    return topic.endsWith(names) || topic.includes(`${names}/`);
  }
}

/** The names of a device are among the first levels of its topics (wire-format 6.2). */
const MOST_LEVELS = 8;
