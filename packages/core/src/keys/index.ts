export { MasterKeyError } from "./check-master-keys.ts";
export type { KeyStatus, Keys, MasterKeyStatus } from "./contracts.ts";
export type { Keychain, KeychainDeps } from "./keychain.ts";
export { withKnownKeys } from "./known-keys.ts";
export { createLocalKeyService } from "./local-key-service.ts";
export { openKeychain } from "./open-keychain.ts";
