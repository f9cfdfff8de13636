export { type AuthAttempt, isX509Attempt, type MacAttempt, type X509Attempt } from "./attempt.ts";
export {
  type AuthDeps,
  type AuthSettings,
  DEFAULT_AUTH_SETTINGS,
  type EndingRotation,
  type RotationEnder,
} from "./auth-deps.ts";
export type { Authenticator, SessionResumer } from "./authenticator.ts";
export type { ChannelProof, X509Chain } from "./channel-proof.ts";
export { comeAgainMs } from "./come-again.ts";
export { createAuthenticator } from "./create-authenticator.ts";
export { createPskKeys } from "./create-psk-keys.ts";
export { createSessionResumer } from "./create-resumer.ts";
export type { PskKey, PskKeys } from "./psk-keys.ts";
export { createPskTurns, type PskTry, type PskTurns } from "./psk-turns.ts";
export { recordedAuthenticator, recordedResumer } from "./recorded.ts";
export { isRefusal, REFUSALS, type Refusal, type RefusalCode, refuse } from "./refusal.ts";
export { createRegistrar } from "./registration/create-registrar.ts";
export { DEVICE_TOKEN_METHOD, deviceTokenFields } from "./registration/device-token.ts";
export { recordedRegistrar } from "./registration/recorded-registrar.ts";
export type { Registered, Registrar, RegistrationRequest } from "./registration/registrar.ts";
export { NO_SECRET_VERSION, type Sealing, type Session } from "./session.ts";
