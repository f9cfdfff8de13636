import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Logger, StartError } from "@trine/runtime";
import { certifyServer, createDevelopmentCa } from "./certify-server.ts";
import { checkMaterial, endOf } from "./check-material.ts";
import type { TlsIdentity, TlsMaterial } from "./tls-identity.ts";

const DAY_MS = 86_400_000;
/** So long before it ends a certificate is renewed. */
const RENEW_BEFORE_MS = 30 * DAY_MS;

/** What a laptop is dialled by, whatever else is. */
const ALWAYS = ["localhost", "127.0.0.1", "::1"];

/**
 * Opens the certificate of an installation that was given none: an authority of its own in `tls` in the data folder, made at the first start, whose
 * `ca.crt` goes into firmware, and a certificate by it. That is renewed before it ends, and when other names are to be in it.
 *
 * @param names besides the machine's own and those of the loopback.
 * @throws StartError when the folder cannot be used, or a name cannot stand in a certificate.
 */
export async function openDevelopmentIdentity(
  dataFolder: string,
  {
    names,
    logger,
    nowMs = Date.now,
  }: { names: readonly string[]; logger: Pick<Logger, "info" | "warn">; nowMs?: () => number },
): Promise<TlsIdentity> {
  const folder = join(dataFolder, "tls");
  const wanted = [...new Set([...names, hostname(), ...ALWAYS])];
  const listeners = new Set<() => void>();
  const ca = await keep(folder, "ca", async () => createDevelopmentCa(nowMs()));
  let current = await showable();

  async function showable(): Promise<TlsMaterial> {
    return keep(
      folder,
      "server",
      () => certifyServer(ca, wanted, nowMs()),
      (kept) => isCurrent(kept, wanted, nowMs()),
    );
  }

  async function renew(): Promise<void> {
    const found = await showable();
    if (found.chain === current.chain) return;
    current = found;
    logger.info({ event: "tls_certificate_changed", file: join(folder, "server.crt") }, "a new certificate is shown");
    for (const listener of listeners) listener();
  }

  const timer = setInterval(() => {
    renew().catch((error: Error) =>
      logger.warn({ event: "tls_certificate_unusable", why: error.message }, error.message),
    );
  }, DAY_MS);
  timer.unref();
  return {
    caFile: join(folder, "ca.crt"),
    current: () => current,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => clearInterval(timer),
  };
}

/** Reads `NAME.crt` and `NAME.key`, and makes them if they are not there, or will not do. */
async function keep(
  folder: string,
  name: string,
  make: () => Promise<TlsMaterial>,
  willDo: (kept: TlsMaterial) => boolean = () => true,
): Promise<TlsMaterial> {
  const [certificate, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const kept = existsSync(certificate) && existsSync(key) ? readPair(certificate, key) : undefined;
    if (kept && willDo(kept)) return kept;
    const made = await make();
    checkMaterial(made);
    // The key first: a start that dies in between finds no certificate, and makes both anew.
    replaceFile(key, made.key, 0o600);
    replaceFile(certificate, made.chain, 0o644);
    return made;
  } catch (error) {
    throw new StartError(`cannot keep a certificate in ${folder}: ${(error as Error).message}`);
  }
}

function readPair(certificate: string, key: string): TlsMaterial {
  const pair = { chain: readFileSync(certificate, "utf8"), key: readFileSync(key, "utf8") };
  checkMaterial(pair);
  return pair;
}

function replaceFile(file: string, text: string, mode: number): void {
  writeFileSync(`${file}.new`, text, { mode });
  renameSync(`${file}.new`, file);
}

function isCurrent(kept: TlsMaterial, names: readonly string[], nowMs: number): boolean {
  const certificate = checkMaterial(kept);
  const covers = (name: string) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
  return endOf(certificate) - nowMs > RENEW_BEFORE_MS && names.every(covers);
}
