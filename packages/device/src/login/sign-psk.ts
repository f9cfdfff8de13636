import { derivePsk, formatPskIdentity, parseDeviceRef, Secret } from "@trine/core/certificate";
import type { DeviceCertificate } from "../device-certificate.ts";

// What the vendor's C SDKs send, always (wire-format 2.8).
const SDK_TIMESTAMP = "2524608000000";

/** The pre-shared key of a TLS or DTLS handshake. */
export interface PskLogin {
  readonly identity: string;
  readonly key: Buffer;
}

/**
 * Derives identity and key of the TLS-PSK and DTLS-PSK handshakes (wire-format 2.8, 5.7).
 *
 * @param timestamp decimal ms.
 * @throws TypeError when the certificate's names are none.
 */
export function signPsk(certificate: DeviceCertificate, timestamp = SDK_TIMESTAMP): PskLogin {
  const device = parseDeviceRef(certificate.productKey, certificate.deviceName);
  if (!device) throw new TypeError("the certificate holds no valid productKey and deviceName");
  const identity = { device, timestamp };
  return { identity: formatPskIdentity(identity), key: derivePsk(new Secret(certificate.deviceSecret), identity) };
}
