import { DEFAULT_SIGN_METHOD, type DeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";
import type { CarriedLogin } from "@trine/core/ports";
import { parseDevice } from "./parse-devices.ts";

/** What a gateway says of a device behind it; whether it was signed by the device is not known yet. */
export interface SubLogin extends Pick<CarriedLogin, "implicitSubscriptions" | "lasting"> {
  readonly device: DeviceRef;
  /** Absent: it is not signed in a way that could be right. */
  readonly proof: Pick<CarriedLogin, "signMethod" | "mac" | "signed"> | undefined;
}

/** As long as two names and an SDK's block of facts come to. */
const MAX_CLIENT_ID = 256;
const MAX_TIMESTAMP = 32;

/**
 * Reads what logs a device in, or puts it behind its gateway (wire-format 7.2, 7.3): the sign method in either spelling, the timestamp as a
 * number or a text. Signed is the clientId as it came, with its block.
 *
 * @returns `undefined` when something is missing or of another type.
 */
export function parseSubLogin(value: unknown): SubLogin | undefined {
  const device = parseDevice(value);
  if (!device) return undefined;
  const fields = value as Record<string, unknown>;
  const { clientId, sign, timestamp: sent, cleanSession } = fields;
  const method = fields["signMethod"] ?? fields["signmethod"];
  const timestamp = Number.isSafeInteger(sent) ? String(sent) : sent;
  if (!isText(clientId, MAX_CLIENT_ID) || typeof sign !== "string") return undefined;
  if (timestamp !== undefined && !isText(timestamp, MAX_TIMESTAMP)) return undefined;
  if (method !== undefined && typeof method !== "string") return undefined;
  const signMethod = method === undefined ? DEFAULT_SIGN_METHOD : parseSignMethod(method);
  const mac = parseMacHex(sign);
  const signed = { clientId, ...device, ...(timestamp === undefined ? {} : { timestamp }) };
  return {
    device,
    proof: signMethod && mac && { signMethod, mac, signed },
    implicitSubscriptions: blockOf(clientId).includes("_ss=1"),
    lasting: cleanSession === "false" || cleanSession === false,
  };
}

function isText(value: unknown, most: number): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= most;
}

/** The facts between the first and the last bar (wire-format 2.3). */
function blockOf(clientId: string): readonly string[] {
  return clientId.slice(clientId.indexOf("|") + 1, Math.max(0, clientId.lastIndexOf("|"))).split(",");
}
