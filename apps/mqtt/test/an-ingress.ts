import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createSecureContext, TLSSocket } from "node:tls";
import type { ChannelProof } from "@trine/core/auth";
import type { Inbound, Ingress, Receivers } from "@trine/ingress";
import { createTestCa } from "@trine/testkit/x509";
import { createWebSocketStream, WebSocketServer } from "ws";

/** What the gateway shows over TLS. */
export const GATEWAY = await createTestCa({ commonName: "gateway" });

const secureContext = createSecureContext({ cert: GATEWAY.pem, key: GATEWAY.keyPem });
const TLS = 0x16;
const G = 0x47;

/**
 * Tells plain, TLS and WebSocket apart by the first byte and does nothing else, so that a test says what the adapter gets.
 *
 * @param proof what every channel proves.
 */
export function anIngress(proof?: ChannelProof): Ingress {
  async function handOn(socket: Socket, receivers: Receivers, security: Inbound["security"]): Promise<void> {
    socket.on("error", () => undefined);
    const first = await peek(socket);
    const about = { peer: socket.remoteAddress ?? "", security, ...(proof && { proof }) };
    if (first === TLS) void handOn(new TLSSocket(socket, { isServer: true, secureContext }), receivers, "tls");
    else if (first === G) upgrade(socket, (stream) => receivers.webSocket?.accept({ ...about, stream }));
    else receivers.binary?.({ ...about, stream: socket });
  }
  return {
    hasTls: true,
    isTrustedProxy: () => false,
    async listen({ host, port, receivers }) {
      const server = createServer({ noDelay: true }, (socket) => void handOn(socket, receivers, "none"));
      server.listen(port, host);
      await once(server, "listening");
      return { port: (server.address() as AddressInfo).port, stop: async () => void server.close() };
    },
    close: async () => undefined,
  };
}

/** The first byte, put back; `undefined` when none comes. */
function peek(socket: Socket): Promise<number | undefined> {
  return new Promise((done) => {
    const look = () => {
      const bytes = socket.read() as Buffer | null;
      if (!bytes) return;
      socket.off("readable", look).unshift(bytes);
      done(bytes[0]);
    };
    socket.on("readable", look).once("close", () => done(undefined));
  });
}

function upgrade(socket: Socket, accept: (stream: Inbound["stream"]) => void): void {
  const webSockets = new WebSocketServer({ noServer: true });
  createHttpServer()
    .on("upgrade", (request, line, head) =>
      webSockets.handleUpgrade(request, line, head, (each) => accept(createWebSocketStream(each))),
    )
    .emit("connection", socket);
}
