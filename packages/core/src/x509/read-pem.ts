const [BEGIN, END] = ["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"];
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

/** The first certificate in a PEM text (RFC 7468), in DER; `undefined` when there is none. */
export function readPem(text: string): Buffer | undefined {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END, from);
  if (from === -1 || to === -1) return undefined;
  const base64 = text.slice(from + BEGIN.length, to);
  return BASE64.test(base64) && base64.trim() !== "" ? Buffer.from(base64, "base64") : undefined;
}

/** Writes a certificate in DER as PEM. */
export function writePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
}
