import type { ChannelProof, MacAttempt, X509Attempt } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, parseDeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";
import { deviceText } from "@trine/core/messaging";
import { decode } from "cborg";

/** A login as the body tells it (wire-format 5.1). */
export interface AuthBody {
  readonly claim:
    | Pick<MacAttempt, "device" | "signMethod" | "mac" | "signed" | "channel">
    | Pick<X509Attempt, "device" | "x509">;
  readonly numbered: boolean;
  readonly separateAck: boolean;
}

const SIGNED_NAMES = ["clientId", "deviceName", "productKey", "seq", "timestamp"] as const;

/**
 * Reads a login's body, JSON or CBOR; `undefined` when it is not one. Signed texts are kept as they were sent (wire-format 0.18).
 *
 * @param channel what the DTLS session proved. Without a `sign`, or with an empty one, its certificate is to prove the login, if there is one.
 */
export function parseAuthBody(body: Buffer, format: "json" | "cbor", channel?: ChannelProof): AuthBody | undefined {
  const fields = readFields(body, format);
  if (!fields) return undefined;
  const isUnsigned = (textOf(fields["sign"]) ?? "") === "";
  const claim =
    channel?.kind === "x509" && isUnsigned ? readX509Login(fields, channel.chain) : readSignedLogin(fields, channel);
  const numbered = textOf(fields["seq"]) !== undefined;
  return claim && { claim, numbered, separateAck: textOf(fields["ackMode"]) === "1" };
}

type Fields = Readonly<Record<string, unknown>>;

function readSignedLogin(fields: Fields, channel: ChannelProof | undefined): AuthBody["claim"] | undefined {
  const device = readDevice(fields);
  const method = textOf(fields["signmethod"]);
  const signMethod = method === undefined ? DEFAULT_SIGN_METHOD : parseSignMethod(method);
  const mac = parseMacHex(textOf(fields["sign"]) ?? "");
  if (!device || !signMethod || !mac) return undefined;
  const signed: Record<string, string> = {};
  for (const name of SIGNED_NAMES) {
    const text = textOf(fields[name]);
    if (text !== undefined) signed[name] = text;
  }
  if ((signed["clientId"] ?? "").length > 64) return undefined;
  return { device, signMethod, mac, signed, ...(channel ? { channel } : {}) };
}

/** A device that knows its names may say them; one that does not learns them from the answer. */
function readX509Login(fields: Fields, x509: X509Attempt["x509"]): AuthBody["claim"] | undefined {
  if (fields["productKey"] === undefined && fields["deviceName"] === undefined) return { x509 };
  const device = readDevice(fields);
  return device && { x509, device };
}

/** The device that a body names. */
export function readDevice(fields: Fields) {
  return parseDeviceRef(textOf(fields["productKey"]) ?? "", textOf(fields["deviceName"]) ?? "");
}

/** The fields of a body, whatever they hold; `undefined` when it is no object. */
export function readFields(body: Buffer, format: "json" | "cbor"): Fields | undefined {
  try {
    // A C client may count its terminating NUL in (wire-format 0.16).
    const value: unknown = format === "cbor" ? decode(body) : JSON.parse(deviceText(body));
    return typeof value === "object" && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** A field as the text that was sent. */
export function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}
