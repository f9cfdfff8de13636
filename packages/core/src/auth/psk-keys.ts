import type { DeviceRef } from "../certificate/names.ts";

/** A pre-shared key that a device may open its channel with. */
export interface PskKey {
  readonly key: Buffer;
  /** Of the secret that it was derived from. */
  readonly secretVersion: number;
}

/** Finds the keys of devices that open a channel with a pre-shared key, before they have said anything else (wire-format 2.8, 5.7). */
export interface PskKeys {
  /**
   * The keys that an identity may prove itself with: one, or two while a rotation is under way, the older first. A handshake can try one
   * only; whoever runs it tries the other one when a device comes back after it failed.
   *
   * An identity without a device gets a random key, so that it looks like a wrong one.
   *
   * @param identity as the other side sent it.
   * @returns `undefined` when the text is no identity of a device.
   * @throws when the store cannot answer.
   */
  find(
    identity: string,
  ): Promise<{ readonly device: DeviceRef; readonly keys: readonly [PskKey, ...PskKey[]] } | undefined>;
}
