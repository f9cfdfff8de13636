import type { DeviceRef } from "@trine/core/certificate";
import type { UplinkLog, UplinkMessage } from "@trine/core/ports";
import { anUplink } from "@trine/testkit/ports";

/** A device that sends numbers one after the other, and sends again what was not acknowledged, as devices do. */
export function aSender(log: UplinkLog, device: DeviceRef) {
  const acknowledged: string[] = [];
  let unanswered: UplinkMessage | undefined;
  let sent = 0;

  async function sendNext(): Promise<void> {
    const message = unanswered ?? anUplink(device, { payload: Buffer.from(String(sent++)) });
    unanswered = message;
    await log.append(message, { once: true });
    unanswered = undefined;
    acknowledged.push(message.payload.toString());
  }

  return {
    device,
    acknowledged,
    async sendUntilFault(): Promise<void> {
      for (;;) {
        try {
          await sendNext();
        } catch {
          return;
        }
      }
    },
    /** Goes on through faults, and sends the last until it is acknowledged. */
    async sendUntil(isEnough: () => boolean): Promise<void> {
      while (unanswered || !isEnough()) await sendNext().catch(() => new Promise((done) => setTimeout(done, 50)));
    },
    async sendUnanswered(): Promise<void> {
      if (unanswered) await sendNext();
    },
  };
}
