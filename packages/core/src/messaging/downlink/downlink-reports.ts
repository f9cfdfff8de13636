import type { DeviceRef } from "../../certificate/names.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceLookup } from "../../ports/device-registry.ts";
import type { Mailbox, MessageStatus } from "../../ports/mailbox.ts";
import type { Uplink } from "../contracts.ts";

const CHUNK = 100;

/** Of the vendor's codes the nearest: "the device is offline". */
const EXPIRED = { code: 9201, message: "expired" };
const DELIVERED = { code: 200, message: "success" };

interface Deps {
  readonly mailbox: Pick<Mailbox, "ended" | "reported" | "status">;
  readonly registry: DeviceLookup;
  readonly uplink: Pick<Uplink, "announceOnce">;
  readonly clock: Clock;
}

/** Tells applications what became of their messages. */
export interface DownlinkReports {
  /**
   * Appends a report to the uplink log for each message that was sent with `report` and has been delivered or has expired. It carries
   * the id of the message, and is appended once although several processes work or one dies in between.
   *
   * @returns whether there may be more.
   */
  work(signal: AbortSignal): Promise<boolean>;
}

/** Makes the reports of wire-format 9.3, `thing/downlink/reply/message`. */
export function createDownlinkReports({ mailbox, registry, uplink, clock }: Deps): DownlinkReports {
  async function report(device: DeviceRef, messageId: string): Promise<void> {
    const nowMs = clock.nowMs();
    const status = await mailbox.status(device, messageId, nowMs);
    const user = status && (await registry.findCredentials(device));
    if (user) {
      const { productKey, deviceName } = device;
      const body = { gmtCreate: nowMs, iotId: user.iotId, productKey, deviceName, ...outcomeOf(status) };
      const topic = `/${productKey}/${deviceName}/thing/downlink/reply/message`;
      await uplink.announceOnce(device, messageId, { topic, body });
    }
    await mailbox.reported(device, messageId);
  }

  return {
    async work(signal) {
      const ended = await mailbox.ended({ nowMs: clock.nowMs(), limit: CHUNK });
      for (const { device, messageId } of ended) {
        if (signal.aborted) return false;
        await report(device, messageId);
      }
      return ended.length === CHUNK;
    },
  };
}

function outcomeOf({ messageId, topic, state }: MessageStatus) {
  return { requestId: messageId, topic, ...(state === "delivered" ? DELIVERED : EXPIRED), data: { state } };
}
