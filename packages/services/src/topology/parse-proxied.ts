import type { RegistrationRequest } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, type DeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";
import { parseDevice } from "./parse-devices.ts";

/** What a gateway says of a device that signed with the secret of its product. */
export interface Proxied {
  readonly device: DeviceRef;
  /** Absent: it is not signed in a way that could be right. */
  readonly proof: Pick<RegistrationRequest, "signMethod" | "mac" | "random"> | undefined;
}

const MAX_RANDOM = 256;

/** Reads one of the `proxieds` of wire-format 7.1. */
export function parseProxied(value: unknown): Proxied | undefined {
  const device = parseDevice(value);
  if (!device) return undefined;
  const { sign, random, signMethod: method = DEFAULT_SIGN_METHOD } = value as Record<string, unknown>;
  if (typeof sign !== "string" || typeof random !== "string" || typeof method !== "string") return undefined;
  if (random.length === 0 || random.length > MAX_RANDOM) return undefined;
  const signMethod = parseSignMethod(method);
  const mac = parseMacHex(sign);
  return { device, proof: signMethod && mac && { signMethod, mac, random } };
}
