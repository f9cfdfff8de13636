import { isRefusal } from "@trine/core/auth";
import type { ServiceHost, ServiceWork } from "../../contracts.ts";
import type { Firmware, FirmwareStore } from "../firmware/firmware-store.ts";
import type { JobStore, Sent, Taken, Turn } from "./job-store.ts";
import { offerData, upgradeText } from "./offer-text.ts";

/** A process that does not settle what it took by then has died. */
const LEASE_MS = 30_000;
const EVERY_MS = 500;
/** Messages that are put into mailboxes at once. */
const ABREAST = 50;
/** A device that begins late may go on for so long. */
const LINK_GRACE_MS = 3_600_000;

interface Deps {
  readonly host: Pick<ServiceHost, "clock" | "downlink" | "signedUrl">;
  readonly jobs: Pick<JobStore, "turn" | "settle">;
  readonly firmware: Pick<FirmwareStore, "find">;
}

/**
 * Carries jobs on: any number of processes may run it at once. One that dies between taking devices and telling them leaves them to the
 * next one, which tells them the same: a mailbox takes what is sent for one turn of a device once.
 */
export function createPushWork(deps: Deps): ServiceWork {
  const { host, jobs, firmware } = deps;
  return {
    name: "ota_jobs",
    everyMs: EVERY_MS,
    async run() {
      const turn = await jobs.turn(host.clock.nowMs(), LEASE_MS);
      if (!turn) return false;
      const { job, taken } = turn;
      if (taken.length === 0) return true;
      const file = job.isPushed ? await firmware.find(job.firmwareId) : undefined;
      const send = (one: Taken) => (job.isPushed ? tell(host, { job, file, one }) : Promise.resolve({ ...one }));
      for (let at = 0; at < taken.length; at += ABREAST) {
        const outcomes = await Promise.allSettled(taken.slice(at, at + ABREAST).map(send));
        const sent = outcomes.filter((outcome) => outcome.status === "fulfilled").map(({ value }) => value);
        await jobs.settle(job.jobId, sent, host.clock.nowMs());
        const fault = outcomes.find((outcome) => outcome.status === "rejected");
        // The rest is given out again when the lease is over.
        if (fault) throw fault.reason;
      }
      return true;
    },
  };
}

async function tell(
  host: Deps["host"],
  { job, file, one }: { job: Turn["job"]; file: Firmware | undefined; one: Taken },
): Promise<Sent> {
  if (!file) return { ...one, refusal: "no_firmware" };
  const { device, attempt } = one;
  const outcome = await host.downlink.send(device, {
    topic: `/ota/device/upgrade/${device.productKey}/${device.deviceName}`,
    payload: upgradeText(offerData(file, linkFor(host, job)), String(Math.floor(host.clock.nowMs() / 1_000))),
    qos: 1,
    ttlMs: job.timeoutMs,
    idempotencyKey: `ota/${job.jobId}/${attempt}`,
  });
  return isRefusal(outcome) ? { ...one, refusal: outcome.code } : one;
}

/** A link to the file of an offer, for as long as the device has and a little longer. */
export function linkFor(
  { signedUrl }: Pick<ServiceHost, "signedUrl">,
  { firmwareId, timeoutMs }: { firmwareId: string; timeoutMs: number },
): string {
  return signedUrl(firmwareId, timeoutMs + LINK_GRACE_MS);
}
