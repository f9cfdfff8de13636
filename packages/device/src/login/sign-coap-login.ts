import type { DeviceCertificate } from "../device-certificate.ts";
import { type SignOptions, signFields } from "./sign-fields.ts";

/** How a CoAP device signs. */
export interface CoapSignOptions extends SignOptions {
  /** Asks for sealed payloads (symmetric mode): a text of the device's choice, signed as it is. */
  readonly seq?: string;
}

/** Signs a CoAP login: the JSON payload of `POST /auth` (wire-format 5.1). */
export function signCoapLogin(certificate: DeviceCertificate, options: CoapSignOptions = {}): string {
  const extra = options.seq === undefined ? {} : { seq: options.seq };
  const { fields, signMethod, sign } = signFields(certificate, options, extra);
  return JSON.stringify({ ...fields, signmethod: signMethod, sign });
}
