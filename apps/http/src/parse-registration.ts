import { type Refusal, type RegistrationRequest, refuse } from "@trine/core/auth";
import { DEFAULT_SIGN_METHOD, parseDeviceRef, parseMacHex, parseSignMethod } from "@trine/core/certificate";
import { deviceText } from "@trine/core/messaging";

const MAX_RANDOM = 128;

/**
 * Reads the body of `POST /auth/register/device`, a form (wire-format 3.2). Of a field that comes twice the first counts. SDKs write
 * `signMethod`; the spelling of logins is read as well.
 */
export function parseRegistration(body: Buffer, { peer }: { peer: string }): RegistrationRequest | Refusal {
  const fields = new URLSearchParams(deviceText(body));
  const device = parseDeviceRef(fields.get("productKey") ?? "", fields.get("deviceName") ?? "");
  if (!device) return refuse("malformed", "productKey or deviceName is none");
  const random = fields.get("random") ?? "";
  if (random === "" || random.length > MAX_RANDOM) return refuse("malformed", "random");
  const method = fields.get("signMethod") ?? fields.get("signmethod");
  const signMethod = method === null ? DEFAULT_SIGN_METHOD : parseSignMethod(method);
  if (!signMethod) return refuse("sign_method", "unknown sign method");
  const mac = parseMacHex(fields.get("sign") ?? "");
  if (!mac) return refuse("malformed", "sign is not hex");
  return { device, random, signMethod, mac, wants: "secret", transport: "http", peer };
}
