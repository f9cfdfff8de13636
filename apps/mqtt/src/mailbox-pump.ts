import type { DeviceRef } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";
import type { MailboxMessage } from "@trine/core/ports";
import type { Filters } from "./filters.ts";
import { TRANSPORT } from "./transport.ts";
import type { Wire } from "./wire.ts";

/** Takes a device's mailbox to its connection. */
export interface MailboxPump {
  /** Looks for messages that came or became covered. */
  run(): void;
  /** Looks from the start again: a new subscription covers what was passed over. */
  restart(): void;
  /** The device acknowledged a packet. */
  acknowledged(packetId: number): Promise<void>;
}

interface Deps {
  readonly platform: Platform;
  readonly device: DeviceRef;
  readonly wire: Wire;
  readonly filters: Filters;
  readonly maxInFlight: number;
}

/**
 * Sends what waits, in order, as long as the device acknowledges and reads; what no filter covers is passed over and stays.
 *
 * It never waits for the device: a full socket ends the run, and `drain` starts it again, so that a frozen device slows nobody else.
 */
export function createMailboxPump({ platform, device, wire, filters, maxInFlight }: Deps): MailboxPump {
  const { mailbox, clock, recorder } = platform;
  const inFlight = new Map<number, string>();
  let passed = 0;
  let isRunning = false;
  let isAsked = false;

  function send(messages: readonly MailboxMessage[]): void {
    const known = new Set(inFlight.values());
    const sent: string[] = [];
    for (const message of messages) {
      passed = message.position;
      if (known.has(message.messageId) || !filters.covers(message.topic)) continue;
      inFlight.set(wire.publishQos1(message.topic, message.payload), message.messageId);
      sent.push(message.messageId);
      recorder.downlinkChanged({ state: "sent", transport: TRANSPORT });
    }
    if (sent.length === 0) return;
    // Not waited for: should it be lost, the message is still `queued` and no less delivered.
    mailbox.markSent(device, sent, clock.nowMs()).catch((error: unknown) => recorder.fault("mark_sent", error));
  }

  async function empty(): Promise<void> {
    do {
      isAsked = false;
      while (inFlight.size < maxInFlight && wire.isWritable()) {
        const messages = await mailbox.pending(device, {
          after: passed,
          limit: maxInFlight - inFlight.size,
          nowMs: clock.nowMs(),
        });
        if (messages.length === 0 || !wire.isOpen()) break;
        send(messages);
      }
    } while (isAsked && wire.isOpen());
  }

  function run(): void {
    isAsked = true;
    if (isRunning || !wire.isOpen()) return;
    isRunning = true;
    empty()
      .catch((error: unknown) => recorder.fault("mailbox_pump", error))
      .finally(() => {
        isRunning = false;
      });
  }

  return {
    run,
    restart() {
      passed = 0;
      run();
    },
    async acknowledged(packetId) {
      const messageId = inFlight.get(packetId);
      if (messageId === undefined) return;
      inFlight.delete(packetId);
      try {
        const wasWaiting = await mailbox.acknowledge(device, messageId, clock.nowMs());
        if (wasWaiting) recorder.downlinkChanged({ state: "delivered", transport: TRANSPORT });
      } catch (error) {
        // It stays in the mailbox, and the device gets it again after its next login: at least once.
        recorder.fault("mailbox_acknowledge", error);
      }
      run();
    },
  };
}
