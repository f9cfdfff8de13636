import type { CertificateMaterial, DtlsEngine } from "../engine/engine.ts";
import type { LoadedOpenSsl } from "./load-openssl.ts";
import { openSession, type PskSlot } from "./openssl-session.ts";
import { newServerContext } from "./server-context.ts";
import type { Pointer } from "./symbols.ts";

export interface OpenSslEngineOptions {
  /** Largest datagram that is sent, in bytes. */
  readonly mtu: number;
  readonly maxPlainBytes: number;
  /** Whether the suites of the SDKs are spoken: CBC with SHA-1, and RSA without forward secrecy. */
  readonly legacy: boolean;
}

/** Makes an engine on the OpenSSL of this node. @throws EngineFault when it does not take the options. */
export function createOpenSslEngine(loaded: LoadedOpenSsl, options: OpenSslEngineOptions): DtlsEngine {
  const { openSsl } = loaded;
  const psk: PskSlot = { key: undefined };
  const callbacks = {
    findPsk: pskCallback(loaded, psk),
    // Never asked for: a hello without a good cookie does not get here.
    makeCookie: loaded.callback(["int", ["void*", "void*", "void*"]], () => 0),
    verifyCookie: loaded.callback(["int", ["void*", "void*", "unsigned int"]], () => 1),
    verifyCertificate: loaded.callback(["int", ["void*", "void*"]], () => 1),
  };
  const address = openSsl.BIO_ADDR_new();
  const newContext = (material: CertificateMaterial | undefined): Pointer =>
    newServerContext(openSsl, { ...options, material }, callbacks);
  let context = newContext(undefined);

  return {
    useCertificate(material) {
      const next = newContext(material);
      // Sessions that are open hold on to it.
      openSsl.SSL_CTX_free(context);
      context = next;
    },
    openSession: () => openSession(openSsl, context, { mtu: options.mtu, psk, address }),
  };
}

/**
 * The key was found before by an identity that was read from the same bytes. Should OpenSSL read another one, it is still that key, and so
 * that device, that the handshake proves.
 */
function pskCallback({ callback, copyTo }: LoadedOpenSsl, psk: PskSlot): Pointer {
  return callback(["unsigned int", ["void*", "void*", "void*", "unsigned int"]], (_session, _identity, into, room) => {
    const { key } = psk;
    if (!key || typeof into !== "bigint" || key.length > Number(room)) return 0;
    copyTo(into, key);
    return key.length;
  });
}
