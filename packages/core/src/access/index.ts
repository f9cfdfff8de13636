export { digestOfKey } from "./api-key-text.ts";
export { KEY_ROTATION_GRACE } from "./api-keys.ts";
export { MAX_KEY_PRODUCTS } from "./check-limits.ts";
export type {
  AccessKey,
  AccessKeyHolder,
  AccessKeys,
  ApiKey,
  ApiKeys,
  IssuedApiKey,
  KeyHolder,
  OperatorSession,
  OperatorSessions,
  Verified,
} from "./contracts.ts";
export { createGroupScope, type GroupScope, READING_ROLE, type ReadableGroup } from "./group-scope.ts";
export type { OperatorSessionLife } from "./operator-sessions.ts";
export { type Grant, ROLES, type Role, reachesProduct, roleCovers } from "./role.ts";
export { createSignInDelays, type SignInDelays } from "./sign-in-delays.ts";
