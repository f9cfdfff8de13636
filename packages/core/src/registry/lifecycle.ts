import type { DeviceRef } from "../certificate/names.ts";
import type { RegistryDeps } from "./registry-deps.ts";

/**
 * Announces what happened to a device in the uplink log (wire-format 9.3), for applications that keep a list of their own.
 *
 * The vendor's event carries the secret of a new device; this one does not, since a log that many read is no place for it. The change
 * is committed already: an announcement that fails is recorded and takes nothing back.
 */
export async function announceLifecycle(
  { uplink, recorder, clock }: Pick<RegistryDeps, "uplink" | "recorder" | "clock">,
  event: { device: DeviceRef; iotId: string; action: "create" | "delete" | "enable" | "disable" },
): Promise<void> {
  const { device, iotId, action } = event;
  const { productKey, deviceName } = device;
  const body = { action, iotId, productKey, deviceName, messageCreateTime: clock.nowMs() };
  await uplink
    .announce(device, `/${productKey}/${deviceName}/thing/lifecycle`, body)
    .catch((error: unknown) => recorder.fault("announce_lifecycle", error));
}
