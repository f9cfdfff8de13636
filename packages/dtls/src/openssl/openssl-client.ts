import type { CertificateMaterial, EngineSession } from "../engine/engine.ts";
import { COMMAND, DTLS_1_2, OPTIONS } from "./constants.ts";
import type { LoadedOpenSsl } from "./load-openssl.ts";
import { openSession } from "./openssl-session.ts";
import type { Pointer } from "./symbols.ts";
import { useMaterial } from "./use-material.ts";

/** What a client has and wants. */
export interface ClientOptions {
  /** By OpenSSL's names. */
  readonly suites: string;
  readonly psk?: { readonly identity: string; readonly key: Buffer };
  readonly certificate?: CertificateMaterial;
  readonly mtu?: number;
}

/** A client on the OpenSSL of this node: the other side of the self-test and of the contract. It believes every certificate. */
export function openClient(loaded: LoadedOpenSsl, options: ClientOptions): EngineSession {
  const { openSsl } = loaded;
  const { suites, psk, certificate, mtu = 1200 } = options;
  const context = openSsl.SSL_CTX_new(openSsl.DTLS_client_method());
  openSsl.SSL_CTX_set_options(context, OPTIONS);
  openSsl.SSL_CTX_ctrl(context, COMMAND.setMinProtocol, DTLS_1_2, null);
  openSsl.SSL_CTX_set_cipher_list(context, `${suites}:@SECLEVEL=0`);
  if (psk) openSsl.SSL_CTX_set_psk_client_callback(context, pskCallback(loaded, psk));
  if (certificate) useMaterial(openSsl, context, certificate);
  const session = openSession(openSsl, context, { mtu, psk: { key: undefined }, address: null, isClient: true });
  openSsl.SSL_CTX_free(context);
  return session;
}

function pskCallback(
  { callback, copyTo }: LoadedOpenSsl,
  { identity, key }: { identity: string; key: Buffer },
): Pointer {
  return callback(
    ["unsigned int", ["void*", "void*", "void*", "unsigned int", "void*", "unsigned int"]],
    (_session, _hint, identityInto, identityRoom, keyInto, room) => {
      const text = Buffer.from(`${identity}\0`, "latin1");
      if (typeof identityInto !== "bigint" || typeof keyInto !== "bigint") return 0;
      if (text.length > Number(identityRoom) || key.length > Number(room)) return 0;
      copyTo(identityInto, text);
      copyTo(keyInto, key);
      return key.length;
    },
  );
}
