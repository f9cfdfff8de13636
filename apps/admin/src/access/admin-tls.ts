import { readFileSync, unwatchFile, watchFile } from "node:fs";
import type { Server } from "node:https";
import { createSecureContext, type TlsOptions } from "node:tls";
import { StartError } from "@trine/runtime";
import type { AdminSettings } from "../settings.ts";

/** The certificate of the admin port. */
export interface AdminTls {
  readonly options: TlsOptions;
  /** Has the server speak by the files as they become; files that are no pair leave it as it is. @returns what ends it. */
  follow(server: Server, onFault: (error: unknown) => void): () => void;
}

/** TLS 1.3, and of 1.2 what has forward secrecy and authenticated encryption: who operates has no old firmware. */
const CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

const HANDSHAKE_WITHIN_MS = 10_000;

/** How often the files are looked at, in milliseconds. By their state, not by events: a mounted secret changes behind a link. */
const LOOK_MS = 5_000;

/**
 * Reads the certificate that the settings name; `undefined` when they name none.
 *
 * @throws StartError when only one of the two is set, one cannot be read, or they are no pair.
 */
export function openAdminTls(settings: AdminSettings, lookMs = LOOK_MS): AdminTls | undefined {
  const { TRINE_ADMIN_TLS_CERT_FILE: certFile, TRINE_ADMIN_TLS_KEY_FILE: keyFile } = settings;
  if (!certFile && !keyFile) return undefined;
  if (!certFile || !keyFile)
    throw new StartError("TRINE_ADMIN_TLS_CERT_FILE and TRINE_ADMIN_TLS_KEY_FILE go together: set both or none");
  const read = () => readPair(certFile, keyFile);
  let options: TlsOptions;
  try {
    options = read();
  } catch (error) {
    const why = (error as Error).message;
    throw new StartError(`cannot use TRINE_ADMIN_TLS_CERT_FILE and TRINE_ADMIN_TLS_KEY_FILE: ${why}`);
  }
  return {
    options,
    follow(server, onFault) {
      const reload = () => {
        try {
          server.setSecureContext(read());
        } catch (error) {
          onFault(error);
        }
      };
      for (const file of [certFile, keyFile]) watchFile(file, { interval: lookMs, persistent: false }, reload);
      return () => {
        for (const file of [certFile, keyFile]) unwatchFile(file, reload);
      };
    },
  };
}

/** @throws when the files cannot be read or are no pair. */
function readPair(certFile: string, keyFile: string): TlsOptions {
  const pair = {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ciphers: CIPHERS,
    minVersion: "TLSv1.2",
    honorCipherOrder: true,
    handshakeTimeout: HANDSHAKE_WITHIN_MS,
  } as const;
  createSecureContext(pair);
  return pair;
}
