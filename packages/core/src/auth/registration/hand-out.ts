import { openDeviceSecret } from "../../certificate/open-device-secret.ts";
import type { Vault } from "../../certificate/vault.ts";
import { newestSecret } from "../valid-secrets.ts";
import { makeDeviceToken } from "./device-token.ts";
import type { FoundRequest } from "./find-or-add.ts";
import type { Registered } from "./registrar.ts";

/** Opens what the device asked for: its newest secret, or a token made with it, under the device's iotId as its clientId. */
export function handOut({ request, credentials }: FoundRequest, vault: Vault): Registered {
  const { device, iotId } = credentials;
  const deviceSecret = openDeviceSecret(vault, newestSecret(credentials));
  if (request.wants === "secret") return { device, deviceSecret };
  return { device, clientId: iotId, deviceToken: makeDeviceToken(deviceSecret, device, iotId) };
}
