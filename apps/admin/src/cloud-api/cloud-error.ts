/** Errors of the vendor's API gateway, before an action is asked: their HTTP status, and what they say. docs/cloud-api.md says which are inferred. */
export const GATEWAY_ERRORS = {
  MissingParameter: { status: 400, say: "A parameter that is mandatory is missing" },
  InvalidParameter: { status: 400, say: "A parameter is not valid" },
  InvalidVersion: { status: 400, say: "The version of the API is not one that is served here" },
  InvalidAccessKeyId: { status: 404, code: "InvalidAccessKeyId.NotFound", say: "There is no such access key" },
  SignatureDoesNotMatch: { status: 400, say: "The signature is not the one that was calculated here" },
  SignatureNonceUsed: { status: 400, say: "The nonce was used already" },
  TimestampFormat: {
    status: 400,
    code: "InvalidTimeStamp.Format",
    say: "The timestamp is not of the form YYYY-MM-DDThh:mm:ssZ",
  },
  TimestampExpired: {
    status: 400,
    code: "InvalidTimeStamp.Expired",
    say: "The timestamp is more than 15 minutes away from now",
  },
  Throttling: { status: 400, code: "Throttling.User", say: "Too many wrong signatures came from this address" },
  Forbidden: { status: 403, code: "Forbidden.RAM", say: "The access key may not do this" },
  UnknownAction: { status: 404, code: "InvalidAction.NotFound", say: "There is no such action" },
  Unavailable: { status: 503, code: "ServiceUnavailable", say: "Temporarily unavailable, try again later" },
} as const satisfies Record<string, { status: number; code?: string; say: string }>;

/** Carries a "no" to the one place that writes replies. */
export class CloudError extends Error {
  readonly status: number;
  readonly code: string;
  /** Whether it is the gateway's, and not an action's: the vendor answers these in another form. */
  readonly isGateway: boolean;
  readonly retryAfterSeconds: number | undefined;

  constructor(given: { status: number; code: string; say: string; isGateway: boolean; retryAfterSeconds?: number }) {
    super(given.say);
    this.status = given.status;
    this.code = given.code;
    this.isGateway = given.isGateway;
    this.retryAfterSeconds = given.retryAfterSeconds;
  }
}

/** A refusal by the gateway; `detail` says more to people. */
export function gatewayError(
  name: keyof typeof GATEWAY_ERRORS,
  detail?: string,
  more: { retryAfterSeconds?: number } = {},
): CloudError {
  const error: { status: number; code?: string; say: string } = GATEWAY_ERRORS[name];
  const say = detail === undefined ? error.say : `${error.say}: ${detail}`;
  return new CloudError({ status: error.status, code: error.code ?? name, say, isGateway: true, ...more });
}

/** A refusal by an action: HTTP status 200, `Success` false. */
export function actionError(code: `iot.${string}`, say: string): CloudError {
  return new CloudError({ status: 200, code, say, isGateway: false });
}
