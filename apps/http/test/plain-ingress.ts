import { type AddressInfo, createServer } from "node:net";
import type { Ingress } from "@trine/ingress";

/** Listens in clear. */
export const plainIngress: Ingress = {
  hasTls: false,
  isTrustedProxy: () => false,
  async listen({ host, port, receivers }) {
    const server = createServer({ noDelay: true, allowHalfOpen: false }, (stream) =>
      (receivers.binary ?? receivers.http)?.({ stream, peer: stream.remoteAddress ?? "", security: "none" }),
    );
    await new Promise<void>((done) => server.listen(port, host, done));
    return {
      port: (server.address() as AddressInfo).port,
      stop: async () => void server.close(),
    };
  },
  close: async () => undefined,
};
