import type { DeviceRegistry } from "@trine/core/ports";
import { describe } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { describeDerivedSecrets } from "./describe-derived-secrets.ts";
import { describeDeviceStates } from "./describe-device-states.ts";
import { describeDevices } from "./describe-devices.ts";
import { describeProducts } from "./describe-products.ts";
import { describeRegistrations } from "./describe-registrations.ts";
import { describeRotation } from "./describe-rotation.ts";
import { describeSeen } from "./describe-seen.ts";

/** Every promise of the port `DeviceRegistry`. */
export function describeDeviceRegistry(name: string, make: MakeContract<DeviceRegistry>): void {
  describe(`DeviceRegistry: ${name}`, () => {
    const open = openContract(make);
    describeProducts(open);
    describeDevices(open);
    describeDeviceStates(open);
    describeSeen(open);
    describeRotation(open);
    describeRegistrations(open);
    describeDerivedSecrets(open);
  });
}
