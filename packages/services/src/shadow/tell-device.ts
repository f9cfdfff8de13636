import { isRefusal } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { createInTurn } from "@trine/core/messaging";
import type { ServiceHost, ServiceWork } from "../contracts.ts";
import { controlMessage } from "./shadow-messages.ts";
import type { ShadowStore, StoredShadow } from "./store.ts";

/** As long as messages may wait for a device at all (wire-format 10). */
const TTL_MS = 7 * 86_400_000;

const SWEEP_EVERY_MS = 5_000;
const SWEEP_CHUNK = 100;
/** When a device that could not be told is tried again, such as one with a full mailbox. */
const AGAIN_MS = 60_000;

interface Deps extends Pick<ServiceHost, "downlink" | "recorder" | "clock"> {
  readonly store: ShadowStore;
}

/** Tells devices what they are to be. */
export interface ShadowTeller {
  /**
   * Puts what is desired into the device's mailbox, if the device has to be told, and takes out what told it before and still waits: a device
   * that comes back hears the newest and no more. Never throws: what fails is tried again.
   */
  tell(device: DeviceRef): Promise<void>;
  /** Takes out what still waits, since nothing is desired any more. Never throws. */
  withdraw(device: DeviceRef, messageId: string | undefined): Promise<void>;
  /** Tells what a process wrote and did not tell. */
  readonly work: ServiceWork;
}

/** Makes the teller. The order to tell is written with the shadow, so that no end of a process loses it. */
export function createShadowTeller({ store, downlink, recorder, clock }: Deps): ShadowTeller {
  const inTurn = createInTurn();
  const orFault = (device: DeviceRef, work: () => Promise<unknown>) =>
    inTurn.run(deviceKey(device), work).then(
      () => undefined,
      (error: unknown) => recorder.fault("shadow_tell", error),
    );

  async function tellNewest(device: DeviceRef): Promise<void> {
    for (let stored = await store.find(device); stored; stored = await overtaken(device)) {
      const { shadow, tellRevision } = stored;
      if (!shadow || tellRevision === undefined) return;
      const sent = await downlink.send(device, {
        topic: `/shadow/get/${device.productKey}/${device.deviceName}`,
        payload: controlMessage(shadow),
        qos: 1,
        ttlMs: TTL_MS,
        idempotencyKey: `shadow ${tellRevision}`,
      });
      if (isRefusal(sent) && sent.code === "mailbox_full") return;
      const messageId = isRefusal(sent) ? undefined : sent.messageId;
      const settled = await store.settle(device, tellRevision, messageId);
      if (settled !== "stale") {
        if (settled.before !== undefined && settled.before !== messageId)
          await downlink.withdraw(device, settled.before);
        return;
      }
      if (messageId !== undefined) await downlink.withdraw(device, messageId);
    }
  }

  /** Somebody wrote meanwhile, and may have told the device already, before this older message reached it: the newest has to come last. */
  async function overtaken(device: DeviceRef): Promise<StoredShadow | undefined> {
    const stored = await store.find(device);
    if (!stored?.shadow || stored.tellRevision !== undefined) return stored;
    const tell = { is: "newly", tellAtMs: clock.nowMs() + AGAIN_MS } as const;
    await store.replace(device, { after: stored.revision, shadow: stored.shadow, tell });
    return store.find(device);
  }

  return {
    tell: (device) => orFault(device, () => tellNewest(device)),
    async withdraw(device, messageId) {
      if (messageId !== undefined) await orFault(device, () => downlink.withdraw(device, messageId));
    },
    work: {
      name: "shadow_tell",
      everyMs: SWEEP_EVERY_MS,
      async run(signal) {
        const devices = await store.due({ nowMs: clock.nowMs(), againMs: AGAIN_MS, limit: SWEEP_CHUNK });
        for (const device of devices) if (!signal.aborted) await tellNewest(device);
        return devices.length === SWEEP_CHUNK;
      },
    },
  };
}
