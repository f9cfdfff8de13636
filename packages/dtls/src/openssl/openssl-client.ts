import type { CertificateMaterial, EngineSession } from "../engine/engine.ts";
import { COMMAND, DTLS_1_2, OPTIONS } from "./constants.ts";
import type { LoadedOpenSsl } from "./load-openssl.ts";
import { openSession, type PskSlot } from "./openssl-session.ts";
import type { Pointer } from "./symbols.ts";
import { useMaterial } from "./use-material.ts";

/** What all clients of a maker have in common. */
export interface ClientOptions {
  /** By OpenSSL's names. */
  readonly suites: string;
  readonly certificate?: CertificateMaterial | undefined;
  readonly mtu?: number;
}

/** What a client proves by a key. */
export interface ClientPsk {
  readonly identity: string;
  readonly key: Buffer;
}

/** Makes client sessions on the OpenSSL of this node: the other side of the self-test, of tests and of load. They believe every certificate. */
export function createClientMaker(
  loaded: LoadedOpenSsl,
  { suites, certificate, mtu = 1200 }: ClientOptions,
): (psk?: ClientPsk) => EngineSession {
  const { openSsl } = loaded;
  const slot: PskSlot = { key: undefined, identity: undefined };
  const context = openSsl.SSL_CTX_new(openSsl.DTLS_client_method());
  openSsl.SSL_CTX_set_options(context, OPTIONS);
  openSsl.SSL_CTX_ctrl(context, COMMAND.setMinProtocol, DTLS_1_2, null);
  openSsl.SSL_CTX_set_cipher_list(context, `${suites}:@SECLEVEL=0`);
  openSsl.SSL_CTX_set_psk_client_callback(context, pskCallback(loaded, slot));
  if (certificate) useMaterial(openSsl, context, certificate);
  return (psk) => {
    const given = { mtu, psk: slot, address: null, isClient: true, identity: psk?.identity };
    const session = openSession(openSsl, context, given);
    if (psk) session.setPsk(psk.key);
    return session;
  };
}

function pskCallback({ callback, copyTo }: LoadedOpenSsl, slot: PskSlot): Pointer {
  return callback(
    ["unsigned int", ["void*", "void*", "void*", "unsigned int", "void*", "unsigned int"]],
    (_session, _hint, identityInto, identityRoom, keyInto, room) => {
      const { key, identity } = slot;
      if (!key || identity === undefined || typeof identityInto !== "bigint" || typeof keyInto !== "bigint") return 0;
      const text = Buffer.from(`${identity}\0`, "latin1");
      if (text.length > Number(identityRoom) || key.length > Number(room)) return 0;
      copyTo(identityInto, text);
      copyTo(keyInto, key);
      return key.length;
    },
  );
}
