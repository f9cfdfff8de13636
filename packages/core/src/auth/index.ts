export type { AuthAttempt } from "./attempt.ts";
export type { Authenticator, SessionResumer } from "./authenticator.ts";
export { isRefusal, REFUSALS, type Refusal, type RefusalCode, refuse } from "./refusal.ts";
export type { Sealing, Session } from "./session.ts";
