import { type Logger, type Metrics, StartError } from "@trine/runtime";
import { checkMaterial, endOf } from "./check-material.ts";
import { openDevelopmentIdentity } from "./development-identity.ts";
import { openIdentityInFiles } from "./identity-in-files.ts";
import type { TlsIdentity } from "./tls-identity.ts";
import type { TlsSettings } from "./tls-settings.ts";

/**
 * Opens the certificate that the device ports show: the one that the settings name, else one of Trine's own in the data folder.
 *
 * @returns `undefined` when there is neither: the process speaks no TLS, and says so once.
 * @throws StartError when what the settings name cannot be used.
 */
export async function openTlsIdentity(
  settings: TlsSettings,
  deps: {
    readonly dataFolder: string | undefined;
    readonly logger: Logger;
    readonly metrics: Pick<Metrics, "tlsCertificateExpiry">;
  },
): Promise<TlsIdentity | undefined> {
  const identity = await open(settings, deps);
  if (!identity) {
    deps.logger.info({ event: "tls_off" }, "no TLS: set TRINE_TLS_CERT_FILE and TRINE_TLS_KEY_FILE");
    return undefined;
  }
  const tell = () => deps.metrics.tlsCertificateExpiry.set(endOf(checkMaterial(identity.current())) / 1_000);
  tell();
  identity.onChange(tell);
  return identity;
}

async function open(
  { TRINE_TLS_CERT_FILE: certificate, TRINE_TLS_KEY_FILE: key, TRINE_TLS_NAMES: names }: TlsSettings,
  { dataFolder, logger }: { readonly dataFolder: string | undefined; readonly logger: Logger },
): Promise<TlsIdentity | undefined> {
  if (certificate && key) return openIdentityInFiles({ certificate, key }, { logger });
  if (certificate || key)
    throw new StartError("TRINE_TLS_CERT_FILE and TRINE_TLS_KEY_FILE are set together, or not at all");
  if (!dataFolder) return undefined;
  const asked = (names ?? "").split(",").map((name) => name.trim());
  return openDevelopmentIdentity(dataFolder, { names: asked.filter(Boolean), logger });
}
