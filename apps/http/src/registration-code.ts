import type { RefusalCode } from "@trine/core/auth";

/** What a device reads in the body (wire-format 3.2). The HTTP status is 200 whatever it is. */
export interface RegistrationCode {
  readonly code: 460 | 500 | 6100 | 6250 | 6288 | 6289 | 6292 | 6600;
  readonly message: string;
}

const PARAMETER = { code: 460, message: "request parameter error" } as const;
// What the device may try again.
const LATER = { code: 500, message: "internal error, try again later" } as const;
const OFF = { code: 6288, message: "dynamic registration is not allowed" } as const;
const SIGNATURE = { code: 6600, message: "signature mismatch" } as const;

/** What a device reads that was refused when it registered itself (wire-format 3.2). Total: a new refusal breaks the build here. */
export const REGISTRATION_CODES = {
  malformed: PARAMETER,
  in_clear: PARAMETER,
  too_large: PARAMETER,
  unavailable: LATER,
  busy: LATER,
  throttled: LATER,
  unknown_device: { code: 6100, message: "device not found" },
  unknown_product: { code: 6250, message: "product not found" },
  registration_off: OFF,
  not_allowed: OFF,
  disabled: OFF,
  already_active: { code: 6289, message: "device already active" },
  sign_method: { code: 6292, message: "sign method is not supported" },
  bad_credentials: SIGNATURE,
  // These are of logins and messages.
  stale: SIGNATURE,
  replayed: SIGNATURE,
  token_missing: SIGNATURE,
  token_invalid: SIGNATURE,
  token_expired: SIGNATURE,
  forbidden_topic: SIGNATURE,
  mailbox_full: LATER,
} as const satisfies Record<RefusalCode, RegistrationCode>;
