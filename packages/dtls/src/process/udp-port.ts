import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { PeerAddress } from "../front/peer-address.ts";

/** A bound UDP port. */
export interface UdpPort {
  readonly port: number;
  send(datagram: Buffer, to: PeerAddress): void;
  /** Closes it when everything that was handed over is sent. */
  close(): Promise<void>;
}

// Bursts of hellos come in while the process encrypts; the kernel may bound it below this.
const RECEIVE_BUFFER_BYTES = 4_194_304;

/** Binds a UDP port; `::` takes IPv4 as well. @throws what the system says when it cannot be had. */
export async function openUdp(
  { host, port }: { host: string; port: number },
  on: { datagram(datagram: Buffer, from: PeerAddress): void; fault(error: Error): void },
): Promise<UdpPort> {
  const socket = createSocket({ type: isIPv6(host) ? "udp6" : "udp4", recvBufferSize: RECEIVE_BUFFER_BYTES });
  socket.on("message", on.datagram);
  await new Promise<void>((done, fail) => {
    socket.once("error", fail);
    socket.bind(port, host, () => {
      socket.off("error", fail);
      done();
    });
  });
  socket.on("error", on.fault);
  let sending = 0;
  let onSent: (() => void) | undefined;
  // A datagram that cannot be sent is one that was lost.
  const sent = () => {
    sending -= 1;
    if (sending === 0) onSent?.();
  };
  return {
    port: socket.address().port,
    send(datagram, to) {
      sending += 1;
      socket.send(datagram, to.port, to.address, sent);
    },
    async close() {
      await new Promise<void>((done) => {
        onSent = done;
        if (sending === 0) done();
      });
      await new Promise<void>((done) => socket.close(() => done()));
    },
  };
}
