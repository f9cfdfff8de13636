/** Why an application does not sign in. */
export type SignInCode = "malformed" | "bad_credentials" | "stale" | "held_up" | "unavailable";

/** Why one that signed in does not get messages, or gets no more of them. */
export type SubscribeCode =
  | "role_too_low"
  | "out_of_scope"
  | "name_a_product"
  | "filter_differs"
  | "group_full"
  | "key_full"
  | "access_ended"
  | "unavailable";

/** A refusal: its code, and its reason for the log, which never leaves the gateway. */
export interface AccessRefusal<Code extends SignInCode | SubscribeCode> {
  readonly code: Code;
  readonly why: string;
}

/** @param why for the log; holds no secret. */
export function refuseAccess<Code extends SignInCode | SubscribeCode>(code: Code, why: string): AccessRefusal<Code> {
  return { code, why };
}

export function isAccessRefusal<Code extends SignInCode | SubscribeCode>(
  value: object | AccessRefusal<Code>,
): value is AccessRefusal<Code> {
  return "why" in value;
}
