/** A row of the table: what a device may be told. */
interface RefusalRow {
  readonly say: string;
}

/**
 * Every way to be refused, with its public sentence. Codes are stable: logs, metrics and the adapters' tables use them.
 *
 * `bad_credentials` stands for an unknown device, a wrong secret and a wrong MAC alike, so that nobody learns which devices exist.
 */
export const REFUSALS = {
  malformed: { say: "the request is not well-formed" },
  bad_credentials: { say: "the device or its signature is wrong" },
  disabled: { say: "the device is disabled" },
  not_allowed: { say: "the product does not allow this way to log in" },
  stale: { say: "the timestamp is too far from now" },
  throttled: { say: "too many attempts, try again later" },
  busy: { say: "too many devices log in just now, try again later" },
  unavailable: { say: "temporarily unavailable, try again later" },
  token_missing: { say: "the session token is missing" },
  token_invalid: { say: "the session token is not valid" },
  token_expired: { say: "the session token has expired" },
  replayed: { say: "the message was seen before" },
  forbidden_topic: { say: "the device may not use this topic" },
  too_large: { say: "the payload is too large" },
  mailbox_full: { say: "the mailbox of the device is full" },
  in_clear: { say: "this needs an encrypted connection" },
  sign_method: { say: "the sign method is not supported" },
  unknown_product: { say: "there is no such product" },
  unknown_device: { say: "there is no such device" },
  registration_off: { say: "devices of the product may not register themselves" },
  already_active: { say: "the device is active already" },
} as const satisfies Record<string, RefusalRow>;

export type RefusalCode = keyof typeof REFUSALS;

const refusalBrand: unique symbol = Symbol("refusal");

/** A "no", as a value. `code` and its sentence are public; `why` is for operators only. */
export interface Refusal {
  readonly [refusalBrand]: true;
  readonly code: RefusalCode;
  /** The private reason. Never leaves on a device's wire; holds no secret, MAC or token. */
  readonly why: string;
  /** Public too: when to try again, where that is known. */
  readonly retryAfterMs?: number;
}

/** Makes a refusal. */
export function refuse(code: RefusalCode, why: string, more: { retryAfterMs?: number } = {}): Refusal {
  return { [refusalBrand]: true, code, why, ...more };
}

/** Whether an outcome is a refusal. */
export function isRefusal(outcome: unknown): outcome is Refusal {
  return typeof outcome === "object" && outcome !== null && refusalBrand in outcome;
}
