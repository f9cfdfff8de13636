import { type DeviceRef, parseDeviceRef } from "../certificate/names.ts";
import type { X509Facts } from "./parse-x509.ts";

const URN = "urn:trine:";

/**
 * The device that a certificate names, in one of the two forms that count:
 *
 * - one alternative name of the kind URI, `urn:trine:PRODUCTKEY:DEVICENAME`; it wins where both are there;
 * - a subject with one common name, the deviceName, and one organizational unit, the productKey; the organization stands in where there
 *   is no unit.
 *
 * What can be read in two ways names nobody.
 */
export function namedDevice({ uris, subject }: X509Facts): DeviceRef | undefined {
  const ours = uris.filter((uri) => uri.startsWith(URN));
  if (ours.length > 0) return ours.length === 1 ? parseUrn(ours[0] ?? "") : undefined;
  const { commonNames, units, organizations } = subject;
  const [deviceName, ...others] = commonNames;
  const [productKey, ...more] = units.length > 0 ? units : organizations;
  if (deviceName === undefined || productKey === undefined || others.length > 0 || more.length > 0) return undefined;
  return parseDeviceRef(productKey, deviceName);
}

/** The name of a device as an alternative name in its certificate. */
export function formatDeviceUrn({ productKey, deviceName }: DeviceRef): string {
  return `${URN}${productKey}:${deviceName}`;
}

/** A productKey holds no colon, a deviceName may. */
function parseUrn(uri: string): DeviceRef | undefined {
  const colon = uri.indexOf(":", URN.length);
  return colon < 0 ? undefined : parseDeviceRef(uri.slice(URN.length, colon), uri.slice(colon + 1));
}
