import type { RefusalCode } from "@trine/core/auth";
import type { AlinkAnswer } from "../kit/alink/alink.ts";

/** What gateways are answered (wire-format 7). */
const MESSAGES = {
  401: "the signature is wrong",
  429: "too many requests, try again later",
  460: "request parameter error",
  500: "the server cannot do it now, try again later",
  520: "the device is not logged in",
  522: "the device is disabled",
  5005: "there is no such product",
  6100: "there is no such device",
  6203: "the device is not connected as a gateway",
  6204: "the device is disabled",
  6287: "the signature is wrong",
  6288: "devices of the product may not be registered in this way",
  6292: "the sign method is not supported",
  6400: "too many devices behind the gateway",
  6401: "the device is not behind this gateway",
  6402: "a gateway is not behind itself",
  6619: "the device is behind another gateway",
  428: "too many devices are logged in",
} as const;

export type TopologyCode = keyof typeof MESSAGES;

/** An answer that says no. */
export function failed(code: TopologyCode, data?: unknown): AlinkAnswer {
  return { code, message: MESSAGES[code], ...(data === undefined ? {} : { data }) };
}

const COMMON = {
  malformed: 460,
  bad_credentials: 6287,
  stale: 6287,
  throttled: 429,
  busy: 429,
  unavailable: 500,
  not_allowed: 6287,
  token_missing: 6287,
  token_invalid: 6287,
  token_expired: 6287,
  replayed: 6287,
  forbidden_topic: 460,
  too_large: 460,
  mailbox_full: 500,
  in_clear: 6288,
  sign_method: 6292,
  unknown_product: 5005,
  unknown_device: 6100,
  registration_off: 6288,
  already_active: 6288,
} as const satisfies Record<Exclude<RefusalCode, "disabled">, TopologyCode>;

/** Refusals of a login (wire-format 7.3). */
export const LOGIN_CODES: Readonly<Record<RefusalCode, TopologyCode>> = { ...COMMON, disabled: 522 };

/** Refusals of a device that is to come behind a gateway (wire-format 7.2). */
export const PROOF_CODES: Readonly<Record<RefusalCode, TopologyCode>> = {
  ...COMMON,
  disabled: 6204,
  bad_credentials: 401,
  stale: 401,
  not_allowed: 401,
};
