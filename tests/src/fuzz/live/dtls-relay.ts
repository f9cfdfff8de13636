import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type DeviceCertificate, signPsk } from "@trine/device";
import { createDtlsConnector } from "@trine/dtls/client";

const HOST = "127.0.0.1";

/** A port of this machine, behind which is a DTLS session of one device. */
export interface DtlsRelay {
  readonly port: number;
  /** Resolves when the gateway ended the session. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a DTLS session with a device's pre-shared key, and a port whose datagrams go through it: for clients that speak CoAP and no DTLS.
 *
 * @throws when the handshake fails.
 */
export async function openDtlsRelay(to: { port: number; certificate: DeviceCertificate }): Promise<DtlsRelay> {
  const socket = createSocket("udp4");
  socket.bind(0, HOST);
  await once(socket, "listening");
  const connect = await createDtlsConnector({ suites: "PSK-AES128-CBC-SHA" });
  let peer = 0;
  let isOpen = true;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((done) => {
    end = done;
  });
  const session = await connect({
    port: to.port,
    psk: signPsk(to.certificate),
    onDatagram: (plain) => isOpen && socket.send(plain, peer, HOST),
    onEnd: end,
  }).catch((error: unknown) => {
    socket.close();
    throw error;
  });
  socket.on("message", (datagram, from) => {
    peer = from.port;
    session.send(datagram);
  });
  return {
    port: socket.address().port,
    ended,
    async close() {
      if (!isOpen) return;
      isOpen = false;
      socket.close();
      await session.close();
    },
  };
}
