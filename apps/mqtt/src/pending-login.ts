import type { DeviceRef } from "@trine/core/certificate";

/** A login that is not decided yet. What happens to its device meanwhile counts for it too. */
export interface PendingLogin {
  /** Absent until the device's name is read from its certificate (wire-format 2.10). */
  device: DeviceRef | undefined;
  /** The device was revoked: sessions under an older secret than this may not live. */
  revokedBelow: number;
  /** A newer connection than this epoch was opened. */
  closedThrough: number;
}
