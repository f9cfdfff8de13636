import type { EngineSession } from "../engine/engine.ts";
import { COMMAND, OUTCOME } from "./constants.ts";
import { drainBio, newMemoryBio } from "./memory-bio.ts";
import { takeFault } from "./openssl-error.ts";
import { packRecords } from "./pack-records.ts";
import { isPskSuite } from "./suites.ts";
import type { OpenSsl, Pointer } from "./symbols.ts";

/** Hands a session's key, and a client's identity, to OpenSSL's callback for the time of one call. */
export interface PskSlot {
  key: Buffer | undefined;
  identity?: string | undefined;
}

// Of those that a client may send; the first is its own.
const MAX_CERTIFICATES = 8;
const SCRATCH = Buffer.alloc(16_384);

/** Opens a session on OpenSSL; for a server, `address` is memory that DTLSv1_listen may write into. */
export function openSession(
  openSsl: OpenSsl,
  context: Pointer,
  given: { mtu: number; psk: PskSlot; address: Pointer; isClient?: boolean; identity?: string | undefined },
): EngineSession {
  const { mtu, psk, address, isClient = false, identity } = given;
  const session = openSsl.SSL_new(context);
  const input = newMemoryBio(openSsl);
  const output = newMemoryBio(openSsl);
  openSsl.SSL_set_bio(session, input, output);
  openSsl.SSL_ctrl(session, COMMAND.setMtu, mtu, null);
  if (isClient) openSsl.SSL_set_connect_state(session);
  else openSsl.SSL_set_accept_state(session);
  let key: Buffer | undefined;
  let hasListened = isClient;
  let finished = false;
  let closed = false;

  /** OpenSSL's callback knows sessions by pointer only; it runs within the call that is made here. */
  function withKey<T>(work: () => T): T {
    psk.key = key;
    psk.identity = identity;
    openSsl.ERR_clear_error();
    try {
      return work();
    } finally {
      psk.key = undefined;
      psk.identity = undefined;
    }
  }

  function handshake(): void {
    const result = openSsl.SSL_do_handshake(session);
    if (result === 1) finished = true;
    else if (!mayGoOn(result)) throw takeFault(openSsl);
  }

  function mayGoOn(result: number): boolean {
    const outcome = openSsl.SSL_get_error(session, result);
    return outcome === OUTCOME.wantRead || outcome === OUTCOME.wantWrite;
  }

  function read(): Buffer[] {
    const plain: Buffer[] = [];
    for (;;) {
      const length = openSsl.SSL_read(session, SCRATCH, SCRATCH.length);
      if (length > 0) {
        plain.push(Buffer.from(SCRATCH.subarray(0, length)));
        continue;
      }
      closed ||= openSsl.SSL_get_error(session, length) === OUTCOME.closed;
      if (!closed && !mayGoOn(length)) throw takeFault(openSsl);
      return plain;
    }
  }

  function suite(): string {
    const cipher = openSsl.SSL_get_pending_cipher(session) ?? openSsl.SSL_get_current_cipher(session);
    return cipher === null ? "" : openSsl.SSL_CIPHER_get_name(cipher);
  }

  return {
    feed: (datagram) =>
      withKey(() => {
        openSsl.BIO_write(input, datagram, datagram.length);
        // The cookie was verified before; this puts the state behind the exchange of it.
        if (!hasListened && openSsl.DTLSv1_listen(session, address) !== 1) throw takeFault(openSsl);
        hasListened = true;
        if (!finished) handshake();
        return finished ? read() : [];
      }),
    takeOutput: () => packRecords(drainBio(openSsl, output), mtu),
    write(plain) {
      withKey(() => {
        if (openSsl.SSL_write(session, plain, plain.length) !== plain.length) throw takeFault(openSsl);
      });
    },
    tick() {
      withKey(() => {
        if (openSsl.SSL_ctrl(session, COMMAND.handleTimeout, 0, null) < 0) throw takeFault(openSsl);
      });
    },
    shutdown: () => withKey(() => void openSsl.SSL_shutdown(session)),
    // It frees the buffers too.
    free: () => openSsl.SSL_free(session),
    wantsPsk: () => !finished && key === undefined && isPskSuite(suite()),
    setPsk(given) {
      key = given;
    },
    isFinished: () => finished,
    isClosed: () => closed,
    suite,
    peerCertificates: () => certificatesOf(openSsl, session),
  };
}

function certificatesOf(openSsl: OpenSsl, session: Pointer): Buffer[] {
  const own = openSsl.SSL_get0_peer_certificate(session);
  if (own === null) return [];
  // At a server the chain is without the first one.
  const stack = openSsl.SSL_get_peer_cert_chain(session);
  const count = stack === null ? 0 : Math.min(openSsl.OPENSSL_sk_num(stack), MAX_CERTIFICATES - 1);
  const others = Array.from({ length: count }, (_, index) => openSsl.OPENSSL_sk_value(stack, index));
  return [own, ...others].map((certificate) => derOf(openSsl, certificate));
}

function derOf(openSsl: OpenSsl, certificate: Pointer): Buffer {
  const bio = newMemoryBio(openSsl);
  openSsl.i2d_X509_bio(bio, certificate);
  const der = drainBio(openSsl, bio);
  openSsl.BIO_free(bio);
  return der;
}
