import { intSetting, optionalTextSetting, portSetting, trustedProxiesSetting } from "@trine/runtime";
import { z } from "zod";

/** Settings of the admin API. */
export const adminSettings = z.object({
  TRINE_ADMIN_PORT: portSetting(3000, "REST API, OpenAPI at `/openapi.json`, browsable at `/docs`."),
  TRINE_ADMIN_KEY: optionalTextSetting(
    "First API key, of the role admin: 16 characters or more, without blanks. Unset: made at the first start and kept in `admin-key` in the data folder, mode 0600.",
  ),
  TRINE_ADMIN_TLS_CERT_FILE: optionalTextSetting(
    "Certificate of the REST API and its chain, PEM; read again when it changes. Unset: no TLS, for the loopback or behind a proxy that ends it.",
  ),
  TRINE_ADMIN_TLS_KEY_FILE: optionalTextSetting("Private key of that certificate, PEM."),
  ...trustedProxiesSetting,
  TRINE_ADMIN_BODY_BYTES: intSetting(
    { fallback: 16_777_216, min: 65_536 },
    "Largest request body; a batch of 100 000 devices as CSV takes about 6 MB.",
  ),
});

export type AdminSettings = z.output<typeof adminSettings>;
