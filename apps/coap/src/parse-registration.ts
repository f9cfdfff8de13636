import { type Refusal, type RegistrationRequest, refuse } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, parseMacHex, parseSignMethod } from "@trine/core/certificate";
import { readDevice, readFields, textOf } from "./parse-auth-body.ts";

const MAX_RANDOM = 128;

/** What the body of a registration says. */
type RegistrationBody = Pick<RegistrationRequest, "device" | "signMethod" | "mac" | "random">;

/** Reads the body of `POST /auth/register/device`, JSON or CBOR (wire-format 3.5). Both spellings of the sign method occur. */
export function parseRegistration(body: Buffer, format: "json" | "cbor"): RegistrationBody | Refusal {
  const fields = readFields(body, format);
  if (!fields) return refuse("malformed", "the body is no object");
  const device = readDevice(fields);
  if (!device) return refuse("malformed", "productKey or deviceName is none");
  const random = textOf(fields["random"]) ?? "";
  if (random === "" || random.length > MAX_RANDOM) return refuse("malformed", "random");
  const method = textOf(fields["signmethod"]) ?? textOf(fields["signMethod"]);
  const signMethod = method === undefined ? DEFAULT_SIGN_METHOD : parseSignMethod(method);
  if (!signMethod) return refuse("sign_method", "unknown sign method");
  const mac = parseMacHex(textOf(fields["sign"]) ?? "");
  return mac ? { device, random, signMethod, mac } : refuse("malformed", "sign is not hex");
}
