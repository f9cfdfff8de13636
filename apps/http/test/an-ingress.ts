import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { ChannelProof } from "@trine/core/auth";
import type { Ingress } from "@trine/ingress";
import { createTestCa } from "@trine/testkit/x509";

/** What the gateway shows over TLS. */
export const GATEWAY = await createTestCa({ commonName: "gateway" });

/** The address that is believed about others. */
export const PROXY = "127.0.0.9";

/**
 * Listens in clear or over TLS, as it is asked, and does nothing else, so that a test says what the adapter gets.
 *
 * @param proof what every channel over TLS proves.
 */
export function anIngress(proof?: ChannelProof): Ingress {
  return {
    hasTls: true,
    isTrustedProxy: (address) => address === PROXY,
    async listen({ host, port, tls, receivers }) {
      const security = tls === "only" ? "tls" : "none";
      const server =
        tls === "only" ? createTlsServer({ cert: GATEWAY.pem, key: GATEWAY.keyPem }) : createServer({ noDelay: true });
      server.on(tls === "only" ? "secureConnection" : "connection", (stream) =>
        receivers.http?.({ stream, peer: stream.remoteAddress ?? "", security, ...(proof && { proof }) }),
      );
      server.listen(port, host);
      await once(server, "listening");
      return { port: (server.address() as AddressInfo).port, stop: async () => void server.close() };
    },
    close: async () => undefined,
  };
}
