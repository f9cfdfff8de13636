import { computeMac, Secret, type SignMethod, stringToSign } from "@trine/core/certificate";

/** What the firmware of a product holds before its device has a secret of its own. */
export interface Firmware {
  readonly productKey: string;
  readonly productSecret: string;
  readonly deviceName: string;
}

/** A registration as it is signed. */
export interface SignedRegistration {
  readonly productKey: string;
  readonly deviceName: string;
  readonly random: string;
  readonly signMethod: SignMethod;
  /** Lower-case hex. */
  readonly sign: string;
}

/** Signs a registration with the ProductSecret (wire-format 3.1). `random` may be any text, always the same as well. */
export function signRegistration(
  { productKey, productSecret, deviceName }: Firmware,
  { random, signMethod = "hmacsha256" }: { random: string; signMethod?: SignMethod },
): SignedRegistration {
  const text = stringToSign({ deviceName, productKey, random });
  const sign = computeMac(signMethod, new Secret(productSecret), text).toString("hex");
  return { productKey, deviceName, random, signMethod, sign };
}

/** The texts of a CONNECT that asks for the secret, or with `regnwl` for a device token (wire-format 3.3, 3.4). */
export function registrationConnect(
  { productKey, deviceName, random, signMethod, sign }: SignedRegistration,
  authType: "register" | "regnwl" = "register",
): { clientId: string; username: string; password: string } {
  return {
    clientId: `${productKey}.${deviceName}|authType=${authType},random=${random},signmethod=${signMethod},securemode=2|`,
    username: `${deviceName}&${productKey}`,
    password: sign,
  };
}
