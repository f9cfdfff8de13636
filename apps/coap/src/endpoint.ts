import { createSocket, type RemoteInfo } from "node:dgram";
import { isIPv6 } from "node:net";
import { listenError } from "@trine/runtime";
import type { Peer } from "./peer.ts";

/** A bound UDP socket. */
export interface Endpoint {
  readonly port: number;
  send(datagram: Buffer, to: Peer): void;
  /** Closes it when everything that was handed over is sent. */
  close(): Promise<void>;
}

/**
 * Binds a UDP socket.
 *
 * @throws StartError that names `setting` when the port cannot be had.
 */
export async function openEndpoint(
  where: { host: string; port: number; setting: string },
  on: { datagram(datagram: Buffer, from: RemoteInfo): void; fault(error: unknown): void },
): Promise<Endpoint> {
  const socket = createSocket(isIPv6(where.host) ? "udp6" : "udp4");
  socket.on("message", on.datagram);
  await new Promise<void>((done, fail) => {
    socket.once("error", (error) => fail(listenError(error, where.setting, where.port)));
    socket.bind(where.port, where.host, done);
  });
  socket.removeAllListeners("error");
  socket.on("error", on.fault);
  let sending = 0;
  let onSent: (() => void) | undefined;
  const sent = (error: Error | null) => {
    sending -= 1;
    // A datagram that cannot be sent is one that was lost: the other side repeats its request.
    if (error) on.fault(error);
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
