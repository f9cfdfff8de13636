import type { DeviceRef } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";
import type { MailboxMessage, MailboxTaker } from "@trine/core/ports";
import type { Filters } from "./filters.ts";
import type { OutgoingWindow, WindowUser } from "./outgoing-window.ts";
import { TRANSPORT } from "./transport.ts";
import type { Wire } from "./wire.ts";

interface Deps {
  readonly platform: Pick<Platform, "mailbox" | "rates" | "clock" | "recorder">;
  readonly device: DeviceRef;
  /** This connection. */
  readonly taker: MailboxTaker;
  readonly wire: Wire;
  readonly filters: Filters;
  /** What may be unacknowledged, shared with others on the same connection. */
  readonly window: OutgoingWindow;
  /** How much of it this may reserve at once. */
  readonly share: number;
}

/** How long what was sent is this connection's alone, counted from the last message. A newer connection does not wait for it. */
const LEASE_MS = 60_000;

/** Most payload bytes that are written before it is looked whether the device reads; a single message may have more. */
const MOST_BYTES = 262_144;

/** How soon to look again after the device was fetching in another way. */
const BLOCKED_MS = 1_000;

/**
 * Takes a device's mailbox to its connection: sends what waits, in order, as long as the device acknowledges and reads; what no filter
 * covers is passed over and stays.
 *
 * It never waits for the device. A full socket or a full window ends the run, and `drain` or an acknowledgement starts the next one, so
 * that a frozen device slows nobody else.
 */
export class MailboxPump implements WindowUser {
  readonly #deps: Deps;
  /** Message ids by packet id. */
  readonly #inFlight = new Map<number, string>();
  /** Acknowledged by the device, and not yet by the mailbox. */
  readonly #leaving = new Set<string>();
  /** Position of the last message that was sent or passed over. */
  #passed: number | undefined;
  /** Nothing waits behind what was passed: whatever comes later is told by a hint. */
  #isAtEnd = false;
  #isRunning = false;
  #isAsked = false;
  #isRestarted = false;
  /** Messages that were ever written. */
  #sent = 0;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looks for messages that came. */
  run(): void {
    this.#isAsked = true;
    if (this.#isRunning || !this.#deps.wire.isOpen) return;
    this.#isRunning = true;
    this.#empty().catch((error: unknown) => this.#deps.platform.recorder.fault("mailbox_pump", error));
  }

  /** Looks from the start again: a new subscription covers what was passed over. */
  restart(): void {
    this.#isRestarted = true;
    this.run();
  }

  /** The device acknowledged a packet of this pump. Resolves when the mailbox knows. */
  async acknowledged(packetId: number): Promise<void> {
    const { platform, device, window } = this.#deps;
    const { mailbox, clock, recorder } = platform;
    const messageId = this.#inFlight.get(packetId);
    if (messageId === undefined) return;
    this.#inFlight.delete(packetId);
    this.#leaving.add(messageId);
    try {
      const wasWaiting = await mailbox.acknowledge(device, messageId, clock.nowMs());
      if (wasWaiting) recorder.downlinkChanged({ state: "delivered", transport: TRANSPORT });
    } catch (error) {
      // It stays in the mailbox, and is sent again the next time that this looks: at least once.
      this.#isRestarted = true;
      recorder.fault("mailbox_acknowledge", error);
      return;
    } finally {
      this.#leaving.delete(messageId);
      window.giveBack(1);
    }
    if (!this.#isAtEnd || this.#isRestarted) this.run();
  }

  /** The connection is gone: what it did not acknowledge may go another way at once. */
  async end(): Promise<void> {
    const { platform, device, taker, window } = this.#deps;
    window.forget(this);
    if (this.#inFlight.size > 0) await platform.mailbox.letGo(device, taker.id);
  }

  async #empty(): Promise<void> {
    try {
      do {
        this.#isAsked = false;
        await this.#walk();
      } while (this.#isAsked && this.#deps.wire.isOpen);
    } finally {
      // At once, not a tick later: whoever asks in between would be forgotten.
      this.#isRunning = false;
    }
  }

  /** From where it stopped, or from the start, to the end of the mailbox. */
  async #walk(): Promise<void> {
    if (this.#isRestarted) this.#passed = undefined;
    this.#isRestarted = false;
    this.#isAtEnd = false;
    for (let room = this.#reserve(); room > 0; room = this.#reserve()) {
      const step = await this.#step(room);
      if (step === "end") this.#isAtEnd = true;
      if (step !== "more") return;
    }
  }

  /** Sends what fits into the room that was reserved, and gives the rest of it back. */
  async #step(room: number): Promise<"more" | "end" | "later"> {
    const sentBefore = this.#sent;
    try {
      const messages = await this.#look(room);
      // What was read for the old filters is read again for the new ones.
      if (this.#isRestarted || !this.#deps.wire.isOpen) return "later";
      const sent = await this.#send(messages);
      if (sent === "later") return "later";
      return sent === "all" && messages.length < room ? "end" : "more";
    } finally {
      this.#deps.window.giveBack(room - (this.#sent - sentBefore));
    }
  }

  /** How many messages may be sent now. */
  #reserve(): number {
    const { wire, window, share } = this.#deps;
    if (wire.isWritable) return window.reserve(this, share);
    if (wire.isOpen) window.wait(this);
    return 0;
  }

  #look(limit: number): Promise<readonly MailboxMessage[]> {
    const { platform, device } = this.#deps;
    const after = this.#passed === undefined ? {} : { after: this.#passed };
    return platform.mailbox.pending(device, { ...after, limit, nowMs: platform.clock.nowMs() });
  }

  /**
   * Sends what it is given of these.
   *
   * @returns `some` when the rest is for the next look, by when the device may have read these; `later` when it has to wait: the device is
   * fetching in another way just now, or over its rate.
   */
  async #send(messages: readonly MailboxMessage[]): Promise<"all" | "some" | "later"> {
    const { device, taker, wire, filters, platform } = this.#deps;
    const { mailbox, clock, rates } = platform;
    const known = new Set([...this.#inFlight.values(), ...this.#leaving]);
    const wanted = messages.filter(({ messageId, topic }) => !known.has(messageId) && filters.covers(topic));
    const fitting = withinBytes(wanted);
    const sendable = fitting.slice(0, rates.takeDownlink(device, fitting.length));
    if (sendable.length > 0) {
      const messageIds = sendable.map(({ messageId }) => messageId);
      const given = new Set(
        await mailbox.claim(device, { taker, messageIds, nowMs: clock.nowMs(), leaseMs: LEASE_MS }),
      );
      if (given.size === 0) {
        this.#runAfter(BLOCKED_MS);
        return "later";
      }
      // Closed meanwhile: what is out to a connection that is gone goes to the next one.
      if (!wire.isOpen) return "later";
      for (const message of sendable) if (given.has(message.messageId)) this.#write(message);
    }
    const isAll = sendable.length === wanted.length;
    this.#passed = (isAll ? messages : sendable).at(-1)?.position ?? this.#passed;
    if (isAll) return "all";
    if (sendable.length === fitting.length) return "some";
    this.#runAfter(rates.downlinkWaitMs(device));
    return "later";
  }

  #runAfter(ms: number): void {
    setTimeout(() => this.run(), ms).unref();
  }

  #write({ messageId, topic, payload }: MailboxMessage): void {
    const packetId = this.#deps.window.take(this);
    this.#sent += 1;
    this.#inFlight.set(packetId, messageId);
    this.#deps.wire.publishQos1(packetId, topic, payload);
    this.#deps.platform.recorder.downlinkChanged({ state: "sent", transport: TRANSPORT });
  }
}

/** The first of these, until they are too many bytes; one at least. */
function withinBytes(messages: readonly MailboxMessage[]): readonly MailboxMessage[] {
  let bytes = 0;
  const end = messages.findIndex(({ payload }, at) => {
    bytes += payload.length;
    return at > 0 && bytes > MOST_BYTES;
  });
  return end === -1 ? messages : messages.slice(0, end);
}
