import type { Refusal } from "../auth/refusal.ts";
import type { Session } from "../auth/session.ts";
import type { DeviceRef } from "../certificate/names.ts";
import type { RevocationTarget } from "../ports/control-bus.ts";
import type { DeviceCarrier } from "../ports/device-carrier.ts";
import type { Reply } from "../ports/device-services.ts";
import type { MailboxMessage, MessageStatus } from "../ports/mailbox.ts";

/** A message as a device publishes it. */
export interface Publish {
  /** With leading slash, e.g. `/a1b2/dev1/user/update`. */
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  /** An id that was given to this message before, which may be in the log under it already: it is appended once. */
  readonly messageId?: string;
  /**
   * With QoS 1: a message over its rate waits, and so does what the same session sends behind it. Absent: it is refused as `throttled`.
   *
   * @returns whether it may be taken when `ms` have passed.
   */
  readonly pace?: (ms: number) => Promise<boolean>;
  /** The connection that it came in on, if that can carry further devices. */
  readonly carrier?: DeviceCarrier;
}

/** A published message that is in the uplink log. */
export interface Accepted {
  /** Decimal text of a 64-bit number. */
  readonly messageId: string;
  /** What the gateway answers on a reply topic (wire-format 6.3, 6.5); the adapter sends it if its protocol can. */
  readonly reply?: Reply;
}

/** What devices send. */
export interface Uplink {
  /**
   * Judges the topic and the size, has the device services do what the message asks for, and appends it to the uplink log.
   * Resolves after the message is durable. Messages of one session must be handed over one after the other.
   *
   * @returns `forbidden_topic`, `too_large` or `throttled` as a refusal.
   * @throws when the log cannot answer; the message is then not acknowledged.
   */
  accept(session: Session, publish: Publish): Promise<Accepted | Refusal>;
  /** Appends what the gateway itself has to say about a device (presence, life cycle: wire-format 9.3). */
  announce(device: DeviceRef, topic: string, body: unknown): Promise<void>;
  /** The same under a given id: however often it is called within some minutes, on whichever node, it is appended once. */
  announceOnce(device: DeviceRef, messageId: string, told: { topic: string; body: unknown }): Promise<void>;
}

/** What applications send. */
export interface Downlink {
  /**
   * QoS 1: puts the message in the device's mailbox and wakes the node that holds the device.
   * QoS 0: sends it if the device is connected now; else it is `expired` at once.
   *
   * @param message.ttlMs after which a message that was not delivered is expired.
   * @param message.report with QoS 1: its end, delivered or expired, is told in the uplink log (wire-format 9.3).
   * @param message.idempotencyKey with QoS 1: the same key for the same device answers the first message again.
   * @returns the id and the state reached, or a refusal: `forbidden_topic` (the device may not subscribe to it, or is not there),
   * `too_large`, `mailbox_full`.
   * @throws when a store cannot answer. A QoS 1 message may be stored then; send it again with its idempotency key.
   */
  send(
    device: DeviceRef,
    message: {
      topic: string;
      payload: Buffer;
      qos: 0 | 1;
      ttlMs: number;
      report?: boolean;
      idempotencyKey?: string;
    },
  ): Promise<{ messageId: string; state: MessageStatus["state"] } | Refusal>;
  status(device: DeviceRef, messageId: string): Promise<MessageStatus | undefined>;
  /**
   * Takes a message of QoS 1 out of the mailbox, because there is a newer one in its place: it counts as delivered. What was sent already may
   * still reach the device. @returns whether it waited. @throws when the store cannot answer.
   */
  withdraw(device: DeviceRef, messageId: string): Promise<boolean>;
}

/** What a device that is not pushed to takes out of its mailbox. */
export interface Inbox {
  /**
   * The next messages, oldest first. They count as sent, and stay in the mailbox until they are acknowledged: the same session gets
   * them again, another taker of the device gets nothing meanwhile.
   *
   * @param request.limit most messages.
   * @param request.waitMs how long to wait for the first; 0 answers at once.
   * @param request.signal the device is gone: nothing is taken any more.
   * @returns nothing when none came in time or the signal aborted; `token_invalid` when the device was revoked meanwhile, and
   * `unavailable` when a store cannot answer (already recorded).
   */
  fetch(
    session: Session,
    request: { limit: number; waitMs: number; signal: AbortSignal },
  ): Promise<readonly MailboxMessage[] | Refusal>;
  /**
   * The device has a message. @returns whether it waited; `unavailable` when the store cannot answer (already recorded).
   */
  acknowledge(session: Session, messageId: string): Promise<boolean | Refusal>;
  /** The session takes nothing more: what it did not acknowledge may go to another taker of the device at once. Never throws. */
  letGo(session: Session): Promise<void>;
  /**
   * Calls `look` when something may have come for the device, now and then without cause as well, and `end` once when the device was revoked.
   * The caller then fetches with `waitMs: 0`.
   * @returns the way out.
   */
  watch(session: Session, on: { look(): void; end(why: string): void }): () => void;
}

/** Connections of devices, over all nodes. */
export interface Connections {
  /**
   * Makes this connection the device's one connection: claims it in the directory, and has the older one closed, on whichever
   * node it is. Call it before the login is answered. The device becomes online.
   *
   * @param statusTopic where the change is announced in the uplink log (the adapter's spelling of wire-format 9.3).
   * @returns the epoch that orders everything this connection reports; `not_allowed` where the policy refuses the newer of several devices
   * with one certificate.
   */
  open(
    session: Session,
    connection: { connectionId: string; statusTopic: string },
  ): Promise<{ epoch: number } | Refusal>;
  /** Ends it. Does nothing when a newer connection took over. The device becomes offline. */
  close(
    session: Session,
    connection: { connectionId: string; epoch: number; statusTopic: string; why: string },
  ): Promise<void>;
  /**
   * Has the device's connection closed where it is, if it lives on that of `carrier`. A login that is under way is not: who calls this has
   * to judge it again when it is through.
   *
   * @returns whether one was closed. @throws when the directory cannot answer.
   */
  part(device: DeviceRef, carrier: DeviceRef): Promise<boolean>;
}

/** What an adapter that holds live connections does for its node. */
export interface SessionHolder {
  /** Closes every connection of the target, now; with `minSecretVersion` those made under an older secret. @returns how many. */
  close(target: RevocationTarget, options?: { minSecretVersion?: number }): Promise<number>;
  /** Closes everything, unread: this node may not serve any more. @returns how many. */
  closeAll(why: string): number;
  /** Closes connections that have not logged in, and those on which nothing is under way. Absent: there are none. @returns how many. */
  closeIdle?(): number;
  /** The devices that are connected here, each by its newest connection: to be judged again after a gap. */
  held(): Iterable<{ readonly session: Session; readonly epoch: number }>;
  /**
   * Closes the device's connection if its epoch is not newer than `epoch`; with `carriedBy` only one that lives on the connection of that
   * device. @returns how many.
   */
  closeOlder(device: DeviceRef, epoch: number, only?: { carriedBy: DeviceRef }): Promise<number>;
  /** Looks into the device's mailbox, if it is connected here. */
  wake(device: DeviceRef): void;
  /** Looks into the mailbox of everyone who fetches here: hints may have been lost. Connections are looked after one by one, by `held`. */
  wakeAll(): void;
  /** Writes a QoS 0 message to the device. @returns whether it is connected here and may get this topic. */
  deliver(device: DeviceRef, message: { topic: string; payload: Buffer }): boolean;
}
