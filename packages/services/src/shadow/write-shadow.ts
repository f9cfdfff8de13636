import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { createInTurn } from "@trine/core/messaging";
import type { Clock } from "@trine/core/ports";
import { changeShadow, type ShadowChange, type ShadowRefusal } from "./change-shadow.ts";
import type { Shadow } from "./shadow.ts";
import type { ShadowStore, StoredShadow } from "./store.ts";

/**
 * How often a write is tried anew when another node was faster. Writers of one node wait for each other, so each round is lost to another
 * node: this often in a row it happens to one write in many millions, unless a node writes without end.
 */
const ATTEMPTS = 64;

/** How long whoever wrote has to tell the device, before somebody else does. */
const TELL_WITHIN_MS = 10_000;

/** A shadow that was written. */
export interface WrittenShadow {
  readonly shadow: Shadow | undefined;
  readonly before: StoredShadow | undefined;
}

export interface ShadowWriter {
  /**
   * Changes the shadow of a device, atomically over all nodes.
   *
   * @param tell whether the device has to be told of it.
   * @returns why it stays as it is; `busy` when other nodes were faster again and again.
   */
  change(device: DeviceRef, change: ShadowChange, tell: boolean): Promise<WrittenShadow | ShadowRefusal | "busy">;
  /** Deletes the shadow, as if there never had been one. */
  remove(device: DeviceRef): Promise<WrittenShadow | "busy">;
}

/** Makes a writer of shadows: read, change, and put back unless somebody else did meanwhile. */
export function createShadowWriter({ store, clock }: { store: ShadowStore; clock: Clock }): ShadowWriter {
  const inTurn = createInTurn();

  async function write<Refused extends string>(
    device: DeviceRef,
    make: (before: Shadow | undefined) => Shadow | undefined | Refused,
    tell: boolean,
  ): Promise<WrittenShadow | Refused | "busy"> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const before = await store.find(device);
      const shadow = make(before?.shadow);
      if (typeof shadow === "string") return shadow;
      const isEmpty = !shadow || Object.keys(shadow.desired.state).length === 0;
      const how = tell
        ? ({ is: "newly", tellAtMs: clock.nowMs() + TELL_WITHIN_MS } as const)
        : ({ is: isEmpty ? "no" : "as_before" } as const);
      if (await store.replace(device, { after: before?.revision, shadow, tell: how })) return { shadow, before };
    }
    return "busy";
  }

  return {
    change(device, change, tell) {
      const make = (before: Shadow | undefined) => changeShadow(before, change, Math.floor(clock.nowMs() / 1_000));
      return inTurn.run(deviceKey(device), () => write(device, make, tell));
    },
    remove: (device) => inTurn.run(deviceKey(device), () => write<never>(device, () => undefined, false)),
  };
}
