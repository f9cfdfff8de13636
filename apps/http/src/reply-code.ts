import type { RefusalCode } from "@trine/core/auth";

/** What a device reads: the HTTP status, and the code and text of wire-format 4.3. */
export interface ReplyCode {
  readonly status: 200 | 503;
  readonly code: number;
  readonly message: string;
}

const COMMON = { status: 200, code: 10000, message: "common error" } as const;
const PARAM = { status: 200, code: 10001, message: "param error" } as const;
const AUTH = { status: 200, code: 20000, message: "auth check error" } as const;
// An unknown token is told "expired": it is the one code after which firmware logs in again by itself (wire-format 4.3).
const EXPIRED = { status: 200, code: 20001, message: "token is expired" } as const;
const MISSING = { status: 200, code: 20002, message: "token is null" } as const;
const TOKEN = { status: 200, code: 20003, message: "check token error" } as const;
const PUBLISH = { status: 200, code: 30001, message: "publish message error" } as const;
const TOO_MANY = { status: 200, code: 40000, message: "request too many" } as const;

/** What a refused device reads (wire-format 4.3). Total: a new refusal breaks the build here. */
export const REPLY_CODES = {
  malformed: PARAM,
  bad_credentials: AUTH,
  disabled: AUTH,
  not_allowed: AUTH,
  stale: AUTH,
  replayed: AUTH,
  throttled: TOO_MANY,
  busy: { ...COMMON, status: 503 },
  unavailable: { ...COMMON, status: 503 },
  token_missing: MISSING,
  token_invalid: EXPIRED,
  token_expired: EXPIRED,
  forbidden_topic: TOKEN,
  too_large: PARAM,
  mailbox_full: PUBLISH,
  in_clear: PARAM,
  sign_method: PARAM,
  unknown_product: AUTH,
  unknown_device: AUTH,
  registration_off: AUTH,
  already_active: AUTH,
} as const satisfies Record<RefusalCode, ReplyCode>;

/** A path or method that is none of the protocol's. */
export const UNKNOWN_REQUEST: ReplyCode = PARAM;

/** As many long polls wait as may. */
export const TOO_MANY_POLLS: ReplyCode = TOO_MANY;
