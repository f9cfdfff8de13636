import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";

/** Sends bytes over a new TCP connection. @returns what came back until `isComplete` says that it is all. */
export async function sendOverTcp(
  port: number,
  bytes: Uint8Array,
  isComplete: (received: Buffer) => boolean,
): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  let received: Buffer = Buffer.alloc(0);
  try {
    await once(socket, "connect");
    socket.write(bytes);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (isComplete(received)) return received;
    }
    throw new Error(`the connection ended after: ${received.toString("latin1")}`);
  } finally {
    socket.destroy();
  }
}

/** A UDP socket of a device. */
export interface UdpSender {
  /** Sends one datagram. @returns the next that comes back. */
  send(datagram: Uint8Array): Promise<Buffer>;
  close(): void;
}

/** Opens a UDP socket that talks to a port of this machine. */
export async function openUdp(port: number): Promise<UdpSender> {
  const socket = createSocket("udp4");
  socket.connect(port, "127.0.0.1");
  await once(socket, "connect");
  return {
    async send(datagram) {
      const answer = once(socket, "message");
      socket.send(datagram);
      const [message] = (await answer) as [Buffer];
      return message;
    },
    close: () => socket.close(),
  };
}
