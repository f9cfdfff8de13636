import type { DeviceRef } from "@trine/core/certificate";
import type { Shadow } from "./shadow.ts";

/** A shadow as it is kept. */
export interface StoredShadow {
  /** Never the same for two states of one device. */
  readonly revision: number;
  /** Absent: there was one, and it was deleted. */
  readonly shadow?: Shadow;
  /** The revision that the device has to be told of. */
  readonly tellRevision?: number;
  /** The message that told the device last. */
  readonly toldMessageId?: string;
}

/** Shadows of devices, each with a note on what the device has to be told. Every method throws when the store cannot answer. */
export interface ShadowStore {
  find(device: DeviceRef): Promise<StoredShadow | undefined>;
  /**
   * Puts a shadow in the place of the one that was read, if nobody else did meanwhile. Of several that saw the same revision, on whichever
   * node, exactly one gets true. Durable when it resolves.
   *
   * @param write.after the revision that was read; absent: there was no row.
   * @param write.shadow absent: the shadow is deleted.
   * @param write.tell `newly`: the device has to be told of this write, by somebody else from `tellAtMs` on; `no`: of nothing any more, and no
   * message is remembered; `as_before`: what was to be told still is.
   */
  replace(
    device: DeviceRef,
    write: {
      after: number | undefined;
      shadow: Shadow | undefined;
      tell: { is: "newly"; tellAtMs: number } | { is: "no" } | { is: "as_before" };
    },
  ): Promise<boolean>;
  /**
   * The device was told of `tellRevision` by a message, or cannot be.
   *
   * @returns the message that told it before; `stale` when there is something newer to tell, or nothing: nothing is noted then.
   */
  settle(
    device: DeviceRef,
    tellRevision: number,
    messageId: string | undefined,
  ): Promise<{ before: string | undefined } | "stale">;
  /** Devices that have to be told and nobody has, at most `limit`; each is put off by `againMs` for all others. */
  due(request: { nowMs: number; againMs: number; limit: number }): Promise<readonly DeviceRef[]>;
}
