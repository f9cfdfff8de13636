import type { MacAttempt } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, parseDeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";
import { decode } from "cborg";

/** A login as the body tells it (wire-format 5.1). */
export type AuthBody = Pick<MacAttempt, "device" | "signMethod" | "mac" | "signed"> & {
  readonly numbered: boolean;
  readonly separateAck: boolean;
};

const SIGNED_NAMES = ["clientId", "deviceName", "productKey", "seq", "timestamp"] as const;

/** Reads a login's body, JSON or CBOR; `undefined` when it is not one. Signed texts are kept as they were sent (wire-format 0.18). */
export function parseAuthBody(body: Buffer, format: "json" | "cbor"): AuthBody | undefined {
  const fields = readFields(body, format);
  if (!fields) return undefined;
  const device = parseDeviceRef(textOf(fields["productKey"]) ?? "", textOf(fields["deviceName"]) ?? "");
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
  const numbered = signed["seq"] !== undefined;
  return { device, signMethod, mac, signed, numbered, separateAck: textOf(fields["ackMode"]) === "1" };
}

function readFields(body: Buffer, format: "json" | "cbor"): Record<string, unknown> | undefined {
  try {
    // A C client may count its terminating NUL in (wire-format 0.16).
    const value: unknown = format === "cbor" ? decode(body) : JSON.parse(body.toString("utf8").replace(/\0+$/, ""));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}
