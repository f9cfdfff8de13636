import type { DeviceRef } from "@trine/core/certificate";
import type { NextSecret } from "@trine/core/ports";
import type { StoredDevice } from "./stored-device.ts";

/** The device with a second secret, in the place of one that it may have had. */
export function beginRotation(
  stored: StoredDevice,
  {
    nowMs,
    secretVersion: wanted,
    ...next
  }: Omit<NextSecret, "secretVersion"> & { secretVersion?: number; nowMs: number },
): StoredDevice {
  const newest = stored.next?.secretVersion ?? stored.secretVersion;
  if (wanted !== undefined && wanted !== newest + 1) return stored;
  const before = stored.next && stored.next.graceEndsAtMs <= nowMs ? endRotation(stored) : stored;
  return { ...before, next: { ...next, secretVersion: newest + 1 }, unsettled: undefined };
}

/** The device with its second secret as the only one. */
export function endRotation(stored: StoredDevice): StoredDevice {
  const { next } = stored;
  if (!next) return stored;
  const { secretVersion, sealedSecret } = next;
  const { sealedSecret: _, ...rest } = stored;
  return {
    ...rest,
    ...(sealedSecret === undefined ? {} : { sealedSecret }),
    secretVersion,
    next: undefined,
    unsettled: secretVersion,
  };
}

/** The device after every node knows that `secretVersion` is the only one. */
export function settleRotation(stored: StoredDevice, secretVersion: number): StoredDevice {
  return stored.unsettled === secretVersion ? { ...stored, unsettled: undefined } : stored;
}

/** The rotation of the device that is to be ended or settled, if there is one. */
export function endedRotations(
  { device, iotId, next, unsettled }: StoredDevice,
  nowMs: number,
): readonly { device: DeviceRef; iotId: string; secretVersion: number }[] {
  const secretVersion = next && next.graceEndsAtMs <= nowMs ? next.secretVersion : unsettled;
  return secretVersion === undefined ? [] : [{ device, iotId, secretVersion }];
}
