import type { DeviceRef } from "../certificate/names.ts";

/**
 * What the secured channel below a login has proved, before the device said anything on it. A login that comes over such a channel must be
 * of the same device.
 */
export type ChannelProof =
  /** The other side holds the pre-shared key of this device (wire-format 2.8). */
  | { readonly kind: "psk"; readonly device: DeviceRef; readonly secretVersion: number }
  /** The other side holds the private key of a certificate. Nothing else about it is verified: neither who signed it nor its dates. */
  | { readonly kind: "x509"; readonly chain: X509Chain };

/** Certificates in DER as the other side presented them, its own first. */
export type X509Chain = readonly [Uint8Array, ...Uint8Array[]];
