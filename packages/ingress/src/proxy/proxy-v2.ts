/** What a header of version 2 begins with (PROXY protocol, 2.2). */
export const SIGNATURE = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1");

/** Signature, version and command, family and protocol, length of the rest. */
export const FIXED_BYTES = 16;

export const VERSION_AND_COMMAND = { local: 0x20, proxy: 0x21 } as const;

/** Of additional facts. The protocol leaves 0xE0 to 0xEF to whoever agrees on them; clouds use some, others than these as far as known. */
export const TLV = {
  /** PP2_TYPE_SSL: how the client's connection to the proxy was protected. */
  tls: 0x20,
  /** The device whose pre-shared key opened the channel. */
  psk: 0xe7,
  /** A certificate that the device presented, in DER; one a certificate, its own first. */
  certificate: 0xe8,
  /** HMAC-SHA256 over the header up to here, by which the two before are believed. The last one. */
  mac: 0xe9,
} as const;

/** Flag in PP2_TYPE_SSL: the client connected over TLS. */
export const CLIENT_USED_TLS = 0x01;
