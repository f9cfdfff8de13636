import type { DeviceRef } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";
import type { MailboxMessage } from "@trine/core/ports";
import type { Filters } from "./filters.ts";
import { TRANSPORT } from "./transport.ts";
import type { Wire } from "./wire.ts";

interface Deps {
  readonly platform: Pick<Platform, "mailbox" | "clock" | "recorder">;
  readonly device: DeviceRef;
  readonly wire: Wire;
  readonly filters: Filters;
  readonly maxInFlight: number;
}

const MAX_PACKET_ID = 65_535;

/**
 * Takes a device's mailbox to its connection: sends what waits, in order, as long as the device acknowledges and reads; what no filter
 * covers is passed over and stays.
 *
 * It never waits for the device. A full socket or a full window ends the run, and `drain` or an acknowledgement starts the next one, so
 * that a frozen device slows nobody else.
 */
export class MailboxPump {
  readonly #deps: Deps;
  /** Message ids by packet id. */
  readonly #inFlight = new Map<number, string>();
  /** Acknowledged by the device, and not yet by the mailbox. */
  readonly #leaving = new Set<string>();
  #packetId = 0;
  /** Position of the last message that was sent or passed over. */
  #passed: number | undefined;
  #isRunning = false;
  #isAsked = false;
  #isRestarted = false;

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

  /** The device acknowledged a packet. Resolves when the mailbox knows. */
  async acknowledged(packetId: number): Promise<void> {
    const { platform, device } = this.#deps;
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
    }
    this.run();
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
    while (this.#room > 0) {
      const messages = await this.#look();
      // What was read for the old filters is read again for the new ones.
      if (messages.length === 0 || this.#isRestarted || !this.#deps.wire.isOpen) return;
      this.#send(messages);
    }
  }

  /** How many messages may be sent now. */
  get #room(): number {
    const { wire, maxInFlight } = this.#deps;
    return wire.isWritable ? maxInFlight - this.#inFlight.size - this.#leaving.size : 0;
  }

  #look(): Promise<readonly MailboxMessage[]> {
    const { platform, device } = this.#deps;
    const after = this.#passed === undefined ? {} : { after: this.#passed };
    return platform.mailbox.pending(device, { ...after, limit: this.#room, nowMs: platform.clock.nowMs() });
  }

  #send(messages: readonly MailboxMessage[]): void {
    const { platform, device, wire, filters } = this.#deps;
    const { mailbox, clock, recorder } = platform;
    const known = new Set(this.#inFlight.values());
    const sent: string[] = [];
    for (const { messageId, position, topic, payload } of messages) {
      if (!wire.isWritable) break;
      this.#passed = position;
      if (known.has(messageId) || this.#leaving.has(messageId) || !filters.covers(topic)) continue;
      const packetId = this.#nextPacketId();
      this.#inFlight.set(packetId, messageId);
      wire.publishQos1(packetId, topic, payload);
      sent.push(messageId);
      recorder.downlinkChanged({ state: "sent", transport: TRANSPORT });
    }
    if (sent.length === 0) return;
    // Not waited for: should it be lost, the message is still `queued` and no less delivered.
    mailbox.markSent(device, sent, clock.nowMs()).catch((error: unknown) => recorder.fault("mark_sent", error));
  }

  #nextPacketId(): number {
    do this.#packetId = (this.#packetId % MAX_PACKET_ID) + 1;
    while (this.#inFlight.has(this.#packetId));
    return this.#packetId;
  }
}
