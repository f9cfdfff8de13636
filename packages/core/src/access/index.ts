export { digestOfKey } from "./api-key-text.ts";
export { KEY_ROTATION_GRACE, MAX_KEY_PRODUCTS } from "./api-keys.ts";
export type {
  ApiKey,
  ApiKeys,
  IssuedApiKey,
  KeyHolder,
  OperatorSession,
  OperatorSessions,
  Verified,
} from "./contracts.ts";
export type { OperatorSessionLife } from "./operator-sessions.ts";
export { type Grant, ROLES, type Role, reachesProduct, roleCovers } from "./role.ts";
