import { readFileSync } from "node:fs";
import { type Logger, StartError } from "@trine/runtime";
import { checkMaterial } from "./check-material.ts";
import type { TlsIdentity, TlsMaterial } from "./tls-identity.ts";

/** How often files are looked at. Whoever renews a certificate does so days before it ends. */
const LOOK_EVERY_MS = 10_000;

/**
 * Opens a certificate that somebody else renews: its files are looked at again and again, and what they hold is shown from the next handshake
 * on. What cannot be used is told, and the one before goes on being shown.
 *
 * @param files certificate chain and key, in PEM.
 * @throws StartError when they cannot be used now.
 */
export function openIdentityInFiles(
  files: { readonly certificate: string; readonly key: string },
  { logger, lookEveryMs = LOOK_EVERY_MS }: { logger: Pick<Logger, "info" | "warn">; lookEveryMs?: number },
): TlsIdentity {
  const listeners = new Set<() => void>();
  let current = readAtStart(files);
  let complaint = "";

  function look(): void {
    try {
      const found = read(files);
      complaint = "";
      if (found.chain === current.chain && found.key === current.key) return;
      current = found;
      logger.info({ event: "tls_certificate_changed", file: files.certificate }, "a new certificate is shown");
      for (const listener of listeners) listener();
    } catch (error) {
      const { message } = error as Error;
      // Once for each way to be wrong: a file that is being written is wrong for a moment, and one that is forgotten for days.
      if (message !== complaint)
        logger.warn({ event: "tls_certificate_unusable", file: files.certificate, why: message }, message);
      complaint = message;
    }
  }

  const timer = setInterval(look, lookEveryMs);
  timer.unref();
  return {
    current: () => current,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => clearInterval(timer),
  };
}

function readAtStart(files: { readonly certificate: string; readonly key: string }): TlsMaterial {
  try {
    return read(files);
  } catch (error) {
    const { message } = error as Error;
    throw new StartError(
      `cannot use ${files.certificate} with ${files.key} (TRINE_TLS_CERT_FILE, TRINE_TLS_KEY_FILE): ${message}`,
    );
  }
}

function read({ certificate, key }: { readonly certificate: string; readonly key: string }): TlsMaterial {
  const material = { chain: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  checkMaterial(material);
  return material;
}
