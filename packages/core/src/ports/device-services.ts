import type { Session } from "../auth/session.ts";
import type { DeviceRef } from "../certificate/names.ts";
import type { RevocationTarget } from "./control-bus.ts";
import type { DeviceCarrier } from "./device-carrier.ts";
import type { Download } from "./download.ts";
import type { UplinkMessage } from "./uplink-log.ts";

/** What the gateway itself answers to a message. */
export interface Reply {
  readonly topic: string;
  readonly payload: Buffer;
}

/** What a device service made of a message. */
export interface Served {
  /** For the device, over the connection that the message came in on, if its protocol can. */
  readonly reply?: Reply;
  /** What goes into the uplink log in the place of the message as it came. Absent: the message as it came. */
  readonly record?: { readonly topic: string; readonly payload: Buffer };
}

/**
 * What the gateway does itself with messages of devices, beyond keeping them for applications: shadows, firmware, tags and the like.
 *
 * It sees messages that are authenticated and addressed, never a protocol.
 */
export interface DeviceServices {
  /** Whether a service takes messages of the device on this topic: it may publish there then, whatever else it may. */
  serves(device: DeviceRef, topic: string): boolean;
  /**
   * Does what a message asks for, durably, before it is in the uplink log and acknowledged: the same message may therefore come again when
   * something fails after this.
   *
   * @param carrier the connection that the message came in on, if it can carry further devices.
   * @returns nothing when no service is concerned.
   * @throws when a store cannot answer; the message is then not acknowledged.
   */
  serve(session: Session, message: UplinkMessage, carrier?: DeviceCarrier): Promise<Served | undefined>;
  /** The device has a new connection on this node; the login may not be answered yet. Never throws, never waits. */
  opened(session: Session): void;
  /**
   * An operator is about to disable, enable or delete the device: what is known of it may be gone afterwards. Absent: nobody wants to know.
   *
   * @returns what has to follow once that is done. It never throws.
   * @throws when a store cannot answer; nothing is changed then.
   */
  changing?(device: DeviceRef, action: "disable" | "enable" | "delete"): Promise<() => Promise<void>>;
  /** A service of another node sends `body`. @returns what this node's has to say. */
  told(service: string, body: string): Promise<string | undefined>;
  /**
   * Opens what a link of a service leads to.
   *
   * @returns `forbidden` when the link was not signed here or is over, `missing` when the service has no such thing (any more).
   * @throws when a store cannot answer.
   */
  download(path: string): Promise<Download | "forbidden" | "missing">;
  /** Forgets what is remembered about a target. */
  evict(target: RevocationTarget): void;
  /** Forgets everything that is remembered. */
  clear(): void;
}
