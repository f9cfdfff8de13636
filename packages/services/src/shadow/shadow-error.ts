/** Why a request of a device is not done: the code of the answer, and what it says (wire-format 8.2). */
export interface ShadowError {
  readonly errorcode: keyof typeof MESSAGES;
  readonly errormessage: string;
}

const MESSAGES = {
  "400": "the message is not a JSON object",
  "401": "the message has no method",
  "402": "the message has no state",
  "403": "the version is not a number",
  "404": "the state has nothing reported",
  "405": "what is reported is empty",
  "406": "the method is unknown",
  "407": "the shadow is empty",
  "408": "more than 128 attributes",
  "409": "the version does not exceed the stored one",
  "500": "the server could not do it; try again",
  // The vendor has no code for it.
  "501": "shadows are switched off for this product",
} as const;

export function shadowError(errorcode: keyof typeof MESSAGES, errormessage: string = MESSAGES[errorcode]): ShadowError {
  return { errorcode, errormessage };
}

export function isShadowError(value: object): value is ShadowError {
  return "errorcode" in value;
}
