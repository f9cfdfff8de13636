import { optionalTextSetting } from "@trine/runtime";
import { z } from "zod";

/** Settings of what the device ports show, and speak, over TLS and DTLS. */
export const tlsSettings = z.object({
  TRINE_TLS_CERT_FILE: optionalTextSetting(
    "Certificate of the device ports, with those between it and its CA behind it, in PEM. Read again when it changes. It has to be RSA with SHA-256 for the vendor's SDKs (wire-format 2.8). Unset: made in `tls` in the data folder, with `ca.crt` for firmware; without a data folder, no TLS.",
  ),
  TRINE_TLS_KEY_FILE: optionalTextSetting("Its private key, in PEM."),
  TRINE_TLS_NAMES: optionalTextSetting(
    "Names and addresses that devices dial, with commas between, for the certificate that Trine makes itself (wire-format 0.19). Those of the machine and of the loopback are in it anyway.",
  ),
  TRINE_TLS_LEGACY: z
    .enum(["on", "off"])
    .default("on")
    .describe(
      "Whether TLS and DTLS speak what firmware of the vendor's SDKs needs: RSA key exchange without forward secrecy, CBC suites, SHA-1 in their MAC (wire-format 2.8). `off` leaves TLS 1.3, ECDHE with AES-GCM or ChaCha20, and suites with a pre-shared key.",
    ),
});

export type TlsSettings = z.output<typeof tlsSettings>;
