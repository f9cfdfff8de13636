export { deriveDeviceSecret, drawProductSeed } from "./derived-secret.ts";
export {
  drawDeviceName,
  drawDeviceSecret,
  drawIotId,
  drawProductKey,
  drawProductSecret,
  drawText,
} from "./issue.ts";
export { createKeyring, createVault, dataKeyId, type Keyring } from "./keyring.ts";
export { computeMac, macMatches, parseMacHex, type SignedFields, stringToSign } from "./mac.ts";
export { masterKeyId, parseMasterKeys } from "./master-key.ts";
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
export { type KeptSecret, openDeviceSecret } from "./open-device-secret.ts";
export { derivePayloadKey, openPayload, sealPayload } from "./payload-key.ts";
export { derivePsk, formatPskIdentity, type PskIdentity, parsePskIdentity } from "./psk.ts";
export {
  accessKeyContext,
  deviceSecretContext,
  ownAuthorityContext,
  productSecretContext,
  productSeedContext,
  type SealContext,
} from "./seal-context.ts";
export { Secret } from "./secret.ts";
export { DEFAULT_SIGN_METHOD, parseSignMethod, SIGN_METHODS, type SignMethod } from "./sign-method.ts";
export type { Signer } from "./signer.ts";
export { unprintable } from "./unprintable.ts";
export type { SealedSecret, Vault } from "./vault.ts";
export { VaultError } from "./vault-error.ts";
