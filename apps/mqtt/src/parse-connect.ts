import { type AuthAttempt, type Refusal, refuse } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, parseDeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";
import { parseClientIdentifier } from "./client-identifier.ts";
import { TRANSPORT } from "./transport.ts";

/** The parts of a CONNECT that log a device in. */
export interface ConnectFields {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly peer: string;
}

/** A CONNECT that is well-formed. */
export interface ParsedConnect {
  readonly attempt: AuthAttempt;
  /** `_ss=1`: system topics come without SUBSCRIBE (wire-format 0.5). */
  readonly implicitSubscriptions: boolean;
}

const MAX_SIGNED_ID = 64;

// ID² and no-secret modes prove something else than a device certificate (wire-format 2.3).
const FOREIGN_SECURE_MODES = new Set(["-2", "0", "-1", "1", "4", "5", "7", "8"]);

/** Reads a login (wire-format 2.1, 2.3). */
export function parseConnect({ clientId, username = "", password, peer }: ConnectFields): ParsedConnect | Refusal {
  const identifier = parseClientIdentifier(clientId);
  if (!identifier) return refuse("malformed", "the client identifier has no |key=value| block");
  const { id, pairs } = identifier;
  if (id === "" || id.length > MAX_SIGNED_ID) return refuse("malformed", "the client identifier before the bar");
  if (pairs.authtype !== undefined) return refuse("not_allowed", `authType ${pairs.authtype.slice(0, 16)}`);
  if (FOREIGN_SECURE_MODES.has(pairs.securemode ?? "")) return refuse("not_allowed", `securemode ${pairs.securemode}`);
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
  const signed = { clientId: id, deviceName, productKey, ...(timestamp === undefined ? {} : { timestamp }) };
  const attempt: AuthAttempt = {
    device,
    signMethod,
    mac,
    signed,
    transport: TRANSPORT,
    peer,
    keep: "connection",
    metadata: metadataOf(pairs),
  };
  return { attempt, implicitSubscriptions: pairs._ss === "1" };
}

function metadataOf(pairs: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(pairs));
}
