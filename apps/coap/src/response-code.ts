import type { RefusalCode } from "@trine/core/auth";

/** What a refused device reads (wire-format 5.8; 4.29 is RFC 8516). Total: a new refusal breaks the build here. */
export const RESPONSE_CODES = {
  malformed: "4.00",
  bad_credentials: "4.01",
  disabled: "4.03",
  not_allowed: "4.03",
  stale: "4.01",
  throttled: "4.29",
  busy: "5.03",
  unavailable: "5.03",
  token_missing: "4.01",
  token_invalid: "4.01",
  token_expired: "4.01",
  replayed: "4.03",
  forbidden_topic: "4.03",
  too_large: "4.13",
  mailbox_full: "5.03",
  in_clear: "4.03",
  sign_method: "4.00",
  unknown_product: "4.01",
  unknown_device: "4.03",
  registration_off: "4.03",
  already_active: "4.03",
} as const satisfies Record<RefusalCode, string>;
