export { computeMac, macMatches, parseMacHex, type SignedFields, stringToSign } from "./mac.ts";
export {
  type DeviceName,
  type DeviceRef,
  deviceKey,
  type ProductKey,
  parseDeviceKey,
  parseDeviceName,
  parseDeviceRef,
  parseProductKey,
} from "./names.ts";
export { Secret } from "./secret.ts";
export { DEFAULT_SIGN_METHOD, parseSignMethod, SIGN_METHODS, type SignMethod } from "./sign-method.ts";
export type { SealedSecret, Vault } from "./vault.ts";
