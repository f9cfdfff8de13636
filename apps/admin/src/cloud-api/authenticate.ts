import type { SignInDelays } from "@trine/core/access";
import { type AccessKeyHolder, digestOfKey } from "@trine/core/access";
import { macMatches } from "@trine/core/certificate";
import type { Operators } from "@trine/core/platform";
import type { Clock } from "@trine/core/ports";
import { gatewayError } from "./cloud-error.ts";
import type { Parameters } from "./parse-form.ts";
import { signatureOf, stringToSign } from "./signature.ts";

/** How far the timestamp of a request may be from now, in either direction (wire-format 9.1). */
const WINDOW_MS = 15 * 60_000;

/** The API's own, and the one before it, whose actions have the same names. */
const VERSIONS: readonly string[] = ["2018-01-20", "2017-04-20"];

const REQUIRED = [
  "Action",
  "Version",
  "AccessKeyId",
  "SignatureMethod",
  "SignatureVersion",
  "SignatureNonce",
  "Timestamp",
  "Signature",
] as const;

const MAX_NONCE_CHARS = 128;

interface Deps {
  readonly accessKeys: Operators["accessKeys"];
  readonly delays: SignInDelays;
  readonly noteWrong: (peer: string) => Promise<void>;
  readonly clock: Clock;
}

/** A request as it came, read and not yet believed. */
export interface CloudRequest {
  readonly method: string;
  readonly parameters: Parameters;
  readonly peer: string;
}

/**
 * Whoever signed a request (wire-format 9.1). What needs no store comes first; the nonce is taken last, so that only the holder of the
 * secret can use one up.
 *
 * @throws CloudError.
 */
export async function authenticate(request: CloudRequest, deps: Deps): Promise<AccessKeyHolder> {
  const common = checkCommon(request.parameters);
  checkTimestamp(common.Timestamp, deps.clock.nowMs());
  const { peer } = request;
  const waitMs = deps.delays.waitMs(peer, digestOfKey(common.AccessKeyId));
  if (waitMs > 0) throw gatewayError("Throttling", undefined, { retryAfterSeconds: Math.ceil(waitMs / 1_000) });
  const holder = await deps.accessKeys.find(common.AccessKeyId);
  if (!holder) {
    await deps.noteWrong(peer);
    throw gatewayError("InvalidAccessKeyId");
  }
  const expected = signatureOf(holder.secret, stringToSign(request.method, request.parameters));
  if (!macMatches(expected, Buffer.from(common.Signature, "base64"))) {
    await deps.noteWrong(peer);
    throw gatewayError("SignatureDoesNotMatch");
  }
  deps.delays.noteRight(peer, digestOfKey(common.AccessKeyId));
  // Accepted from one window before the timestamp to one after it.
  if (!(await holder.takeNonce(common.SignatureNonce, 2 * WINDOW_MS))) throw gatewayError("SignatureNonceUsed");
  holder.noteUse(peer);
  return holder;
}

function checkCommon(parameters: Parameters): Record<(typeof REQUIRED)[number], string> {
  const found = REQUIRED.map((name) => {
    const value = parameters.get(name);
    if (!value) throw gatewayError("MissingParameter", name);
    return [name, value] as const;
  });
  const common = Object.fromEntries(found) as Record<(typeof REQUIRED)[number], string>;
  if (!VERSIONS.includes(common.Version)) throw gatewayError("InvalidVersion", `it is ${VERSIONS.join(" or ")}`);
  if (common.SignatureMethod !== "HMAC-SHA1") throw gatewayError("InvalidParameter", "SignatureMethod is HMAC-SHA1");
  if (common.SignatureVersion !== "1.0") throw gatewayError("InvalidParameter", "SignatureVersion is 1.0");
  if (common.SignatureNonce.length > MAX_NONCE_CHARS)
    throw gatewayError("InvalidParameter", `SignatureNonce has at most ${MAX_NONCE_CHARS} characters`);
  return common;
}

function checkTimestamp(text: string, nowMs: number): void {
  const atMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw gatewayError("TimestampFormat");
  if (Math.abs(atMs - nowMs) > WINDOW_MS) throw gatewayError("TimestampExpired");
}
