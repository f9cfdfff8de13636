import type { ConnectionOptions } from "node:tls";
import type { DeviceCertificate } from "../device-certificate.ts";
import { signPsk } from "../login/sign-psk.ts";

/** How a device secures its line: by the certificate of the gateway, or with the key that it shares with it (wire-format 2.8). */
export type DeviceTls = TlsOptions | "psk";

/** How a device knows the gateway. */
export interface TlsOptions {
  /** Authorities that the gateway's certificate may come from, in PEM; default: those of Node. */
  readonly ca?: string | Buffer;
  /** Name that the gateway's certificate must hold; default: the host. */
  readonly servername?: string;
  /** The device's own certificate (wire-format 2.10). */
  readonly x509?: X509Identity;
}

/** An X.509 certificate of a device with its key. */
export interface X509Identity {
  /** In PEM; those of authorities between it and the root behind it. */
  readonly certificate: string;
  /** In PEM. */
  readonly key: string;
}

/** The one suite of the vendor's SDKs with a pre-shared key, and the one version of TLS that has it (wire-format 2.8). */
const PSK_ONLY = { ciphers: "PSK-AES128-CBC-SHA", minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;

/** What Node needs to know of it. */
export function nodeTlsOptions(tls: TlsOptions): ConnectionOptions {
  const { ca, servername, x509 } = tls;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(servername === undefined ? {} : { servername }),
    ...(x509 && { cert: x509.certificate, key: x509.key }),
  };
}

/** As `nodeTlsOptions`, for the key that a device shares with the gateway. */
export function nodePskOptions(certificate: DeviceCertificate): ConnectionOptions {
  const { identity, key } = signPsk(certificate);
  // Who has the key is the gateway; it shows no certificate.
  return { ...PSK_ONLY, pskCallback: () => ({ identity, psk: key }), checkServerIdentity: () => undefined };
}
