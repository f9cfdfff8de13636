import {
  type AuthAttempt,
  DEVICE_TOKEN_METHOD,
  deviceTokenFields,
  isRefusal,
  type MacAttempt,
  type Refusal,
  refuse,
} from "@trine/core/auth";
import {
  DEFAULT_SIGN_METHOD,
  type DeviceRef,
  parseDeviceRef,
  parseMacHex,
  parseSignMethod,
} from "@trine/core/certificate";
import { type ClientIdentifier, type IdentifierPairs, metadataOf, parseClientIdentifier } from "./client-identifier.ts";
import type { ConnectFields } from "./connect-fields.ts";
import { parseX509Login } from "./parse-x509-login.ts";
import { TRANSPORT } from "./transport.ts";

/** A CONNECT that is well-formed. */
export interface ParsedConnect {
  readonly attempt: AuthAttempt;
  /** `_ss=1`: system topics come without SUBSCRIBE (wire-format 0.5). */
  readonly implicitSubscriptions: boolean;
}

const MAX_SIGNED_ID = 64;

// ID² and no-secret modes prove something else than a device certificate (wire-format 2.3).
const FOREIGN_SECURE_MODES = new Set(["-2", "0", "-1", "1", "4", "5", "7", "8"]);

/** How a device says that its password is a device token (wire-format 3.4). */
const TOKEN_LOGIN = "connwl";

/** Reads a login (wire-format 2.1, 2.3, 2.10, 3.4). */
export function parseConnect(fields: ConnectFields): ParsedConnect | Refusal {
  const identifier = parseClientIdentifier(fields.clientId);
  const pairs = identifier?.pairs ?? {};
  const foreign = pairs.authtype === TOKEN_LOGIN ? checkClear(fields) : checkMode(pairs);
  if (foreign) return foreign;
  const signed = parseSignedLogin(fields, identifier);
  const attempt = parseX509Login(fields, { signed, pairs }) ?? signed;
  return isRefusal(attempt) ? attempt : { attempt, implicitSubscriptions: pairs._ss === "1" };
}

function checkMode({ authtype, securemode = "" }: Partial<IdentifierPairs>): Refusal | undefined {
  if (authtype !== undefined) return refuse("not_allowed", `authType ${authtype.slice(0, 16)}`);
  return FOREIGN_SECURE_MODES.has(securemode) ? refuse("not_allowed", `securemode ${securemode}`) : undefined;
}

/** Whoever reads a token on its way has it. */
function checkClear({ inClear }: ConnectFields): Refusal | undefined {
  return inClear ? refuse("in_clear", "a device token could be read on its way") : undefined;
}

function parseSignedLogin(
  { username = "", password, peer, channel }: ConnectFields,
  identifier: ClientIdentifier | undefined,
): MacAttempt | Refusal {
  if (!identifier) return refuse("malformed", "the client identifier has no |key=value| block");
  const { id, pairs } = identifier;
  if (id === "" || id.length > MAX_SIGNED_ID) return refuse("malformed", "the client identifier before the bar");
  // Neither alphabet holds the ampersand, so the first is the last (wire-format 2.1).
  const [deviceName = "", productKey = "", more] = username.split("&");
  const device = more === undefined ? parseDeviceRef(productKey, deviceName) : undefined;
  // Code 4, as a wrong signature: the username is part of the credentials (wire-format 2.7).
  if (!device) return refuse("bad_credentials", "the username is not deviceName&productKey");
  const mac = parseMacHex(Buffer.from(password ?? []).toString("latin1"));
  if (!mac) return refuse("bad_credentials", "the password is not hex");
  const claim = pairs.authtype === TOKEN_LOGIN ? tokenClaim(device, id) : signedClaim(device, id, pairs);
  if (isRefusal(claim)) return claim;
  return {
    device,
    mac,
    ...claim,
    transport: TRANSPORT,
    peer,
    keep: "connection",
    metadata: metadataOf(pairs),
    ...(channel && { channel }),
  };
}

type Claim = Pick<MacAttempt, "signMethod" | "signed" | "isToken">;

function tokenClaim(device: DeviceRef, clientId: string): Claim {
  return { isToken: true, signMethod: DEVICE_TOKEN_METHOD, signed: deviceTokenFields(device, clientId) };
}

function signedClaim(
  { productKey, deviceName }: DeviceRef,
  clientId: string,
  { signmethod, timestamp }: Partial<IdentifierPairs>,
): Claim | Refusal {
  const signMethod = signmethod === undefined ? DEFAULT_SIGN_METHOD : parseSignMethod(signmethod);
  if (!signMethod) return refuse("bad_credentials", "unknown sign method");
  return {
    signMethod,
    signed: { clientId, deviceName, productKey, ...(timestamp === undefined ? {} : { timestamp }) },
  };
}
