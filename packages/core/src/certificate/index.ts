export {
  drawDeviceName,
  drawDeviceSecret,
  drawIotId,
  drawProductKey,
  drawProductSecret,
  drawText,
} from "./issue.ts";
export { createVault, parseMasterKeys, VaultError } from "./keyring.ts";
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
export { derivePayloadKey, openPayload, sealPayload } from "./payload-key.ts";
export { derivePsk, formatPskIdentity, type PskIdentity, parsePskIdentity } from "./psk.ts";
export { Secret } from "./secret.ts";
export { DEFAULT_SIGN_METHOD, parseSignMethod, SIGN_METHODS, type SignMethod } from "./sign-method.ts";
export type { SealedSecret, Vault } from "./vault.ts";
