import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import type { EngineSession } from "../engine/engine.ts";
import { loadOpenSsl } from "../openssl/load-openssl.ts";
import { type ClientOptions, type ClientPsk, createClientMaker } from "../openssl/openssl-client.ts";

/** A DTLS client with a UDP socket of its own, for tests and load. It believes every certificate. */
export interface DtlsClient {
  readonly localPort: number;
  readonly suite: string;
  send(plain: Buffer): void;
  /** Says close_notify and leaves. */
  close(): Promise<void>;
  /** Leaves without a word, as a device without power does. */
  abandon(): Promise<void>;
}

export interface ConnectOptions {
  readonly host?: string;
  readonly port: number;
  /** Address to come from, and port; default any. */
  readonly from?: { readonly address?: string; readonly port?: number };
  readonly psk?: ClientPsk;
  /** Default 10 s. */
  readonly timeoutMs?: number;
  readonly onDatagram?: (plain: Buffer) => void;
  /** The server said close_notify, or an alert. */
  readonly onEnd?: () => void;
}

const TICK_MS = 50;

/** Makes a way to connect for clients that are alike. */
export async function createDtlsConnector(
  options: ClientOptions,
): Promise<(to: ConnectOptions) => Promise<DtlsClient>> {
  const makeSession = createClientMaker(await loadOpenSsl(), options);
  return (to) => connect(makeSession(to.psk), to);
}

/** @throws when the handshake fails or takes too long. */
async function connect(session: EngineSession, to: ConnectOptions): Promise<DtlsClient> {
  const { host = "127.0.0.1", port, from = {}, timeoutMs = 10_000, onDatagram, onEnd } = to;
  const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
  socket.bind(from.port ?? 0, from.address);
  await once(socket, "listening");
  let gone = false;

  async function abandon(): Promise<void> {
    if (gone) return;
    gone = true;
    clearInterval(timer);
    session.free();
    socket.close();
    await once(socket, "close");
  }

  function flush(): void {
    for (const datagram of session.takeOutput()) socket.send(datagram, port, host);
  }

  const timer = setInterval(() => {
    session.tick();
    flush();
  }, TICK_MS);
  const finished = new Promise<void>((done, fail) => {
    const late = setTimeout(() => fail(new Error(`no DTLS handshake within ${timeoutMs} ms`)), timeoutMs);
    socket.on("message", (datagram) => {
      if (gone) return;
      try {
        for (const plain of session.feed(datagram)) onDatagram?.(plain);
        flush();
      } catch (error) {
        clearTimeout(late);
        fail(error);
        onEnd?.();
        return;
      }
      if (session.isFinished()) {
        clearTimeout(late);
        clearInterval(timer);
        done();
      }
      if (session.isClosed()) onEnd?.();
    });
  });
  session.feed(Buffer.alloc(0));
  flush();
  try {
    await finished;
  } catch (error) {
    await abandon();
    throw error;
  }
  return {
    localPort: socket.address().port,
    suite: session.suite(),
    send(plain) {
      session.write(plain);
      flush();
    },
    async close() {
      if (gone) return;
      session.shutdown();
      const [notify] = session.takeOutput();
      if (notify) await new Promise((done) => socket.send(notify, port, host, done));
      await abandon();
    },
    abandon,
  };
}
