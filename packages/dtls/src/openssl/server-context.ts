import type { CertificateMaterial } from "../engine/engine.ts";
import { COMMAND, DTLS_1_2, MODE_RELEASE_BUFFERS, OPTIONS, SESSION_CACHE_OFF, VERIFY_PEER } from "./constants.ts";
import { expectOne } from "./openssl-error.ts";
import { GROUPS, SIGNATURE_ALGORITHMS, suiteList } from "./suites.ts";
import type { OpenSsl, Pointer } from "./symbols.ts";
import { useMaterial } from "./use-material.ts";

/** What a context is made with. */
export interface ContextOptions {
  readonly legacy: boolean;
  /** Longest application data of one record; it sets the size of a session's buffer. */
  readonly maxPlainBytes: number;
  readonly material: CertificateMaterial | undefined;
}

/** Functions of this process that OpenSSL calls. */
export interface ContextCallbacks {
  readonly findPsk: Pointer;
  readonly makeCookie: Pointer;
  readonly verifyCookie: Pointer;
  readonly verifyCertificate: Pointer;
}

/**
 * Makes the context that server sessions are opened from.
 *
 * @throws EngineFault when OpenSSL does not take an option, the certificate or its key.
 */
export function newServerContext(openSsl: OpenSsl, options: ContextOptions, callbacks: ContextCallbacks): Pointer {
  const context = openSsl.SSL_CTX_new(openSsl.DTLS_server_method());
  try {
    configure(openSsl, context, options);
    openSsl.SSL_CTX_set_psk_server_callback(context, callbacks.findPsk);
    openSsl.SSL_CTX_set_cookie_generate_cb(context, callbacks.makeCookie);
    openSsl.SSL_CTX_set_cookie_verify_cb(context, callbacks.verifyCookie);
    // A certificate is asked for and may be withheld; who it belongs to is judged at the login, not here.
    openSsl.SSL_CTX_set_verify(context, VERIFY_PEER, null);
    openSsl.SSL_CTX_set_cert_verify_callback(context, callbacks.verifyCertificate, null);
    if (options.material) useMaterial(openSsl, context, options.material);
    return context;
  } catch (error) {
    openSsl.SSL_CTX_free(context);
    throw error;
  }
}

function configure(openSsl: OpenSsl, context: Pointer, { legacy, maxPlainBytes }: ContextOptions): void {
  const { SSL_CTX_ctrl: control } = openSsl;
  openSsl.SSL_CTX_set_options(context, OPTIONS);
  control(context, COMMAND.setMinProtocol, DTLS_1_2, null);
  control(context, COMMAND.setMaxProtocol, DTLS_1_2, null);
  control(context, COMMAND.setMode, MODE_RELEASE_BUFFERS, null);
  control(context, COMMAND.setSessionCacheMode, SESSION_CACHE_OFF, null);
  expectOne(openSsl, control(context, COMMAND.setMaxSendFragment, maxPlainBytes, null));
  expectOne(openSsl, control(context, COMMAND.setSignatureAlgorithmsList, 0, text(SIGNATURE_ALGORITHMS)));
  expectOne(openSsl, control(context, COMMAND.setGroupsList, 0, text(GROUPS)));
  expectOne(openSsl, openSsl.SSL_CTX_set_cipher_list(context, suiteList({ legacy })));
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`, "latin1");
}
