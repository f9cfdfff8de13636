const PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----/;

/** The first certificate in a PEM text (RFC 7468), in DER; `undefined` when there is none. */
export function readPem(text: string): Buffer | undefined {
  const base64 = PEM.exec(text)?.[1]?.replaceAll(/\s/g, "");
  return base64 ? Buffer.from(base64, "base64") : undefined;
}

/** Writes a certificate in DER as PEM. */
export function writePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
