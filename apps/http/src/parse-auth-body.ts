import { type AuthAttempt, type Refusal, refuse } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, parseDeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";

const MAX_CLIENT_ID = 64;

/**
 * Reads the body of `POST /auth` (wire-format 4.1). Every field takes part in the signature except `version`, `sign` and `signmethod`;
 * texts are signed as they were sent, and a number by its decimal text.
 */
export function parseAuthBody(body: Buffer, peer: string): AuthAttempt | Refusal {
  const fields = readFields(body);
  if (!fields) return refuse("malformed", "the body is no JSON object");
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
  return { device, signMethod, mac, signed, transport: "http", peer, keep: "token" };
}

/** The fields of the body as texts. A C client may count its terminating NUL in (wire-format 0.16). */
function readFields(body: Buffer): Readonly<Record<string, string | undefined>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString("utf8").replace(/\0+$/, ""));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, textOf(field)]));
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}
