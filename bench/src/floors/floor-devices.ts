import { computeMac, macMatches, Secret, stringToSign } from "@trine/core/certificate";
import { floorDevices } from "../bench-devices.ts";

const secrets = new Map(
  floorDevices(20_000).map(({ deviceName, deviceSecret }) => [deviceName, new Secret(deviceSecret)]),
);

/** What every floor does for a login: one look-up in a Map and one HMAC. */
export function isGenuine(login: { productKey: string; deviceName: string; clientId: string; sign: string }): boolean {
  const { productKey, deviceName, clientId, sign } = login;
  const secret = secrets.get(deviceName);
  if (!secret) return false;
  const expected = computeMac("hmacsha256", secret, stringToSign({ clientId, deviceName, productKey }));
  return macMatches(expected, Buffer.from(sign, "hex"));
}
