import { createSocket, type RemoteInfo } from "node:dgram";
import { isIPv6 } from "node:net";

/** A bound UDP port. */
export interface UdpPort {
  readonly port: number;
  send(datagram: Buffer, to: { readonly address: string; readonly port: number }): void;
  /** Closes it when everything that was handed over is sent. */
  close(): Promise<void>;
}

/** Who is told of what happens at a UDP port. */
export interface UdpListener {
  datagram(datagram: Buffer, from: RemoteInfo): void;
  /**
   * A datagram was lost: it came from port 0, which is nobody's (RFC 768), or the system would not send it. The other side repeats what it
   * wants to know.
   */
  dropped(reason: "no_return_port" | "unsent"): void;
  fault(error: Error): void;
}

/**
 * Binds a UDP port; `::` takes IPv4 as well.
 *
 * @param where `receiveBufferBytes`: of the kernel, which may bound it below this; absent: its default.
 * @throws what the system says when the port cannot be had.
 */
export async function openUdpPort(
  where: { host: string; port: number; receiveBufferBytes?: number },
  on: UdpListener,
): Promise<UdpPort> {
  const { host, port, receiveBufferBytes } = where;
  const socket = createSocket({
    type: isIPv6(host) ? "udp6" : "udp4",
    ...(receiveBufferBytes === undefined ? {} : { recvBufferSize: receiveBufferBytes }),
  });
  socket.on("message", (datagram, from) => {
    if (from.port === 0) on.dropped("no_return_port");
    else on.datagram(datagram, from);
  });
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
  const sent = (error: Error | null) => {
    sending -= 1;
    if (error) on.dropped("unsent");
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
