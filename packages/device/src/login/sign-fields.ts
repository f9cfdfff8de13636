import { computeMac, Secret, type SignMethod, stringToSign } from "@trine/core/certificate";
import type { DeviceCertificate } from "../device-certificate.ts";

/** How a device signs. */
export interface SignOptions {
  /** Default hmacsha256. */
  readonly signMethod?: SignMethod;
  /** Free text of at most 64 characters; default `pk.dn`, as the vendor's C SDK has it. */
  readonly clientId?: string;
  /** Decimal ms, signed as it is; default none. */
  readonly timestamp?: string;
}

/** What every login carries: the fields that were signed, and the signature over them. */
export interface SignedLogin {
  readonly fields: Readonly<Record<string, string>>;
  readonly signMethod: SignMethod;
  /** Lower-case hex. */
  readonly sign: string;
}

/**
 * Signs the fields of a login (wire-format 2.1, 4.1, 5.1): clientId, deviceName, productKey, the timestamp if there is one, and `extra`.
 */
export function signFields(
  certificate: DeviceCertificate,
  options: SignOptions = {},
  extra: Readonly<Record<string, string>> = {},
): SignedLogin {
  const { productKey, deviceName, deviceSecret } = certificate;
  const { signMethod = "hmacsha256", clientId = `${productKey}.${deviceName}`, timestamp } = options;
  const fields = { clientId, deviceName, productKey, ...(timestamp === undefined ? {} : { timestamp }), ...extra };
  const sign = computeMac(signMethod, new Secret(deviceSecret), stringToSign(fields)).toString("hex");
  return { fields, signMethod, sign };
}
