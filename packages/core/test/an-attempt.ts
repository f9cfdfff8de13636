import type { MacAttempt } from "../src/auth/index.ts";
import {
  computeMac,
  type DeviceRef,
  parseDeviceRef,
  parseMacHex,
  Secret,
  stringToSign,
} from "../src/certificate/index.ts";

export const DEVICE = aDevice("device_01");
export const STRANGER = aDevice("stranger_01");
export const DEVICE_SECRET = "ga7XA6KdlEeiPXQPpRbAjOZXwG8yAbcd";

/** A login that `deviceSecret` signed; what is given replaces what would be there. */
export function anAttempt(given: Partial<MacAttempt> & { deviceSecret?: string } = {}): MacAttempt {
  const { deviceSecret = DEVICE_SECRET, ...rest } = given;
  const device = given.device ?? DEVICE;
  const signMethod = given.signMethod ?? "hmacsha256";
  const signed = given.signed ?? { clientId: "12345", ...device };
  const computed = computeMac(signMethod, new Secret(deviceSecret), stringToSign({ ...signed }));
  // Through hex, as every adapter gets it.
  const mac = parseMacHex(computed.toString("hex")) ?? computed;
  return {
    device,
    signMethod,
    signed: { ...signed },
    mac,
    transport: "radio",
    peer: "192.0.2.1",
    keep: "connection",
    ...rest,
  };
}

/** A device of the product that the tests are about. */
export function aDevice(deviceName: string, productKey = "a1b2C3d4E5f"): DeviceRef {
  const device = parseDeviceRef(productKey, deviceName);
  if (!device) throw new Error(`not a device: ${productKey}/${deviceName}`);
  return device;
}
