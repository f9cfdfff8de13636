import { computeMac, type SignedFields, stringToSign } from "../../certificate/mac.ts";
import type { DeviceRef } from "../../certificate/names.ts";
import { Secret } from "../../certificate/secret.ts";
import type { SignMethod } from "../../certificate/sign-method.ts";

/** What device tokens are made with: one of 64 characters would not fit, with its end, into what the demo of an SDK keeps it in (wire-format 3.6). */
export const DEVICE_TOKEN_METHOD: SignMethod = "hmacsha1";

/**
 * What a device token is a MAC over. A login with one is judged as any that a MAC proves, so it ends with the secret that it was made with,
 * and nothing is stored for it (docs/decisions/0027).
 *
 * @param clientId that the device has to log in under.
 */
export function deviceTokenFields({ productKey, deviceName }: DeviceRef, clientId: string): SignedFields {
  return { clientId, deviceName, deviceToken: "1", productKey };
}

/** Makes the token of a device: 40 characters. */
export function makeDeviceToken(deviceSecret: Secret, device: DeviceRef, clientId: string): Secret {
  const mac = computeMac(DEVICE_TOKEN_METHOD, deviceSecret, stringToSign(deviceTokenFields(device, clientId)));
  return new Secret(mac.toString("hex"), "DeviceToken");
}
