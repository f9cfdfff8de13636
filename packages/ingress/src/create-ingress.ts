import { createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { PskKeys } from "@trine/core/auth";
import type { Recorder } from "@trine/core/ports";
import { type Logger, listenOn, type Metrics } from "@trine/runtime";
import { beginsAs } from "./arrive/first-bytes.ts";
import type { Receivers } from "./inbound.ts";
import type { Ingress } from "./ingress.ts";
import { peek } from "./arrive/peek.ts";
import { plainAddress } from "./arrive/plain-address.ts";
import type { IngressSettings } from "./settings.ts";
import { parseTrustedProxies } from "./proxy/trusted-proxies.ts";

/** What the ingress of a process needs of it. */
export interface IngressDeps {
  readonly settings: IngressSettings;
  readonly pskKeys: PskKeys;
  readonly recorder: Recorder;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where a development certificate may be kept; absent when the process has no folder of its own. */
  readonly dataFolder: string | undefined;
  /** Whether the process has room for one more connection, asked before anything is read from it. */
  readonly mayAccept?: () => boolean;
}

/**
 * Opens the ingress of a process.
 *
 * @throws StartError when a setting, or a file that it names, cannot be used.
 */
export async function createIngress(deps: IngressDeps): Promise<Ingress> {
  const { settings } = deps;
  const isTrustedProxy = parseTrustedProxies(settings.TRINE_TRUSTED_PROXIES);
  const waiting = new Set<Socket>();

  async function admit(socket: Socket, receivers: Receivers): Promise<void> {
    const begin = await peek(socket, {
      judge: (seen) => ({ is: beginsAs(seen[0] ?? 0), used: 0 }),
      withinMs: settings.TRINE_FIRST_BYTE_SECONDS * 1_000,
    });
    if (begin === "closed" || begin === "late") return void socket.destroy();
    const inbound = {
      stream: socket as Duplex,
      peer: plainAddress(socket.remoteAddress ?? ""),
      security: "none",
    } as const;
    const { http, binary } = receivers;
    const receive = begin === "http" ? (http ?? binary) : (binary ?? http);
    if (receive) receive(inbound);
    else socket.destroy();
  }

  return {
    hasTls: false,
    isTrustedProxy,
    async listen({ host, port, setting, receivers }) {
      const server = createServer({ noDelay: true }, (socket) => {
        waiting.add(socket);
        socket.on("error", () => undefined);
        void admit(socket, receivers).finally(() => waiting.delete(socket));
      });
      const taken = await listenOn(server, { host, port, setting });
      return {
        port: taken,
        stop: async () => {
          server.close();
          for (const socket of waiting) socket.destroy();
        },
      };
    },
    async close() {
      for (const socket of waiting) socket.destroy();
    },
  };
}
