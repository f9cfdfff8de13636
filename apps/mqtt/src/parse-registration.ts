import { type Refusal, type RegistrationRequest, refuse } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, parseDeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";
import { type IdentifierPairs, parseClientIdentifier } from "./client-identifier.ts";
import type { ConnectFields } from "./connect-fields.ts";
import { TRANSPORT } from "./transport.ts";

const MAX_RANDOM = 128;

/** What a device asks for, by the `authType` that it writes (wire-format 3.3, 3.4). */
const WANTS = new Map<string | undefined, RegistrationRequest["wants"]>([
  ["register", "secret"],
  ["regnwl", "token"],
]);

/**
 * Reads a CONNECT that asks for a secret or a device token (wire-format 3.3, 3.4). What stands before the bar does not count, nor does the
 * `securemode`.
 *
 * @returns `undefined` when it is a login.
 */
export function parseRegistration(fields: ConnectFields): RegistrationRequest | Refusal | undefined {
  const pairs = parseClientIdentifier(fields.clientId)?.pairs ?? {};
  const wants = WANTS.get(pairs.authtype);
  if (!wants) return undefined;
  if (fields.inClear) return refuse("in_clear", "what the device is handed could be read on its way");
  return parseSigned(fields, pairs, wants);
}

function parseSigned(
  { username = "", password, peer }: ConnectFields,
  { signmethod, random = "" }: Partial<IdentifierPairs>,
  wants: RegistrationRequest["wants"],
): RegistrationRequest | Refusal {
  const [deviceName = "", productKey = "", more] = username.split("&");
  const device = more === undefined ? parseDeviceRef(productKey, deviceName) : undefined;
  if (!device) return refuse("malformed", "the username is not deviceName&productKey");
  if (random === "" || random.length > MAX_RANDOM) return refuse("malformed", "random");
  const signMethod = signmethod === undefined ? DEFAULT_SIGN_METHOD : parseSignMethod(signmethod);
  if (!signMethod) return refuse("sign_method", "unknown sign method");
  const mac = parseMacHex(Buffer.from(password ?? []).toString("latin1"));
  if (!mac) return refuse("bad_credentials", "the password is not hex");
  return { device, random, signMethod, mac, wants, transport: TRANSPORT, peer };
}
