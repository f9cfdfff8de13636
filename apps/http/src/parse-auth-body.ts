import { type AuthAttempt, type Refusal, refuse, type X509Attempt, type X509Chain } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, parseDeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";
import { deviceText } from "@trine/core/messaging";
import type { Origin } from "./origin.ts";

const MAX_CLIENT_ID = 64;

/**
 * Reads the body of `POST /auth` (wire-format 4.1). Every field takes part in the signature except `version`, `sign` and `signmethod`;
 * texts are signed as they were sent, and a number by its decimal text. Without a `sign` the certificate of the connection is to prove the
 * login, if there is one.
 */
export function parseAuthBody(body: Buffer, origin: Origin): AuthAttempt | Refusal {
  const fields = readFields(body);
  if (!fields) return refuse("malformed", "the body is no JSON object");
  if (origin.channel?.kind === "x509" && fields["sign"] === undefined)
    return parseX509Login(fields, { peer: origin.peer, chain: origin.channel.chain });
  return parseSignedLogin(fields, origin);
}

type Fields = Readonly<Record<string, string | undefined>>;

function parseSignedLogin(fields: Fields, origin: Origin): AuthAttempt | Refusal {
  const { productKey = "", deviceName = "", clientId, timestamp, sign = "", signmethod } = fields;
  const device = parseDeviceRef(productKey, deviceName);
  if (!device) return refuse("malformed", "productKey or deviceName is none");
  if (clientId === undefined || clientId === "" || clientId.length > MAX_CLIENT_ID)
    return refuse("malformed", "clientId");
  const signMethod = signmethod === undefined ? DEFAULT_SIGN_METHOD : parseSignMethod(signmethod);
  if (!signMethod) return refuse("malformed", "unknown sign method");
  const mac = parseMacHex(sign);
  if (!mac) return refuse("malformed", "sign is not hex");
  const signed = { clientId, deviceName, productKey, ...(timestamp === undefined ? {} : { timestamp }) };
  return { device, signMethod, mac, signed, transport: "http", ...origin, keep: "token" };
}

/** A device that knows its names may say them; one that does not learns them from the answer. */
function parseX509Login(
  { productKey, deviceName }: Fields,
  { peer, chain }: { peer: string; chain: X509Chain },
): X509Attempt | Refusal {
  const attempt = { x509: chain, transport: "http", peer, keep: "token" } as const;
  if (productKey === undefined && deviceName === undefined) return attempt;
  const device = parseDeviceRef(productKey ?? "", deviceName ?? "");
  return device ? { ...attempt, device } : refuse("malformed", "productKey or deviceName is none");
}

/** The fields of the body as texts. */
function readFields(body: Buffer): Fields | undefined {
  try {
    const value: unknown = JSON.parse(deviceText(body));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, textOf(field)]));
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}
