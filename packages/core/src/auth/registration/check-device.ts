import type { DeviceCredentials } from "../../ports/device-registry.ts";
import { type Refusal, refuse } from "../refusal.ts";

/** Refuses a device that must not be handed anything (any more): who logs in already has what it takes. */
export function checkDevice({ disabled, activated }: DeviceCredentials): Refusal | undefined {
  if (disabled) return refuse("disabled", "the device is disabled");
  return activated ? refuse("already_active", "the device was activated before") : undefined;
}
