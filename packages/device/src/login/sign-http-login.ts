import type { DeviceCertificate } from "../device-certificate.ts";
import { type SignOptions, signFields } from "./sign-fields.ts";

/** Signs an HTTP login: the JSON body of `POST /auth` (wire-format 4.1). */
export function signHttpLogin(certificate: DeviceCertificate, options: SignOptions = {}): string {
  const { fields, signMethod, sign } = signFields(certificate, options);
  return JSON.stringify({ version: "default", ...fields, signmethod: signMethod, sign });
}
