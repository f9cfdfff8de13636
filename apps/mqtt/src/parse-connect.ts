import { type AuthAttempt, isRefusal, type MacAttempt, type Refusal, refuse } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, parseDeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";
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

/** Reads a login (wire-format 2.1, 2.3, 2.10). */
export function parseConnect(fields: ConnectFields): ParsedConnect | Refusal {
  const identifier = parseClientIdentifier(fields.clientId);
  const pairs = identifier?.pairs ?? {};
  const foreign = checkMode(pairs);
  if (foreign) return foreign;
  const signed = parseSignedLogin(fields, identifier);
  const attempt = parseX509Login(fields, { signed, pairs }) ?? signed;
  return isRefusal(attempt) ? attempt : { attempt, implicitSubscriptions: pairs._ss === "1" };
}

function checkMode({ authtype, securemode = "" }: Partial<IdentifierPairs>): Refusal | undefined {
  if (authtype !== undefined) return refuse("not_allowed", `authType ${authtype.slice(0, 16)}`);
  return FOREIGN_SECURE_MODES.has(securemode) ? refuse("not_allowed", `securemode ${securemode}`) : undefined;
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
  const signMethod = pairs.signmethod === undefined ? DEFAULT_SIGN_METHOD : parseSignMethod(pairs.signmethod);
  if (!signMethod) return refuse("bad_credentials", "unknown sign method");
  const mac = parseMacHex(Buffer.from(password ?? []).toString("latin1"));
  if (!mac) return refuse("bad_credentials", "the password is not hex");
  const { timestamp } = pairs;
  return {
    device,
    signMethod,
    mac,
    signed: { clientId: id, deviceName, productKey, ...(timestamp === undefined ? {} : { timestamp }) },
    transport: TRANSPORT,
    peer,
    keep: "connection",
    metadata: metadataOf(pairs),
    ...(channel && { channel }),
  };
}
