import type { RefusalCode } from "@trine/core/auth";

/** A CONNACK return code that refuses (wire-format 2.7). */
export type ConnackCode = 2 | 3 | 4 | 5;

/** What a refused device reads (wire-format 2.7). Total: a new refusal breaks the build here. */
export const CONNACK_CODES = {
  malformed: 2,
  bad_credentials: 4,
  disabled: 5,
  not_allowed: 5,
  stale: 4,
  throttled: 3,
  busy: 3,
  unavailable: 3,
  token_missing: 4,
  token_invalid: 4,
  token_expired: 4,
  replayed: 4,
  forbidden_topic: 5,
  too_large: 5,
  mailbox_full: 3,
  in_clear: 2,
  sign_method: 2,
  unknown_product: 4,
  unknown_device: 5,
  registration_off: 5,
  already_active: 5,
} as const satisfies Record<RefusalCode, ConnackCode>;

/** The answer to a version that is neither 3.1 nor 3.1.1: return code 1 (wire-format 2.6, 2.7). */
export const UNSUPPORTED_VERSION = Buffer.from([0x20, 0x02, 0x00, 0x01]);
