import { createServer, type Socket } from "node:net";
import { plainAddress, subnetOf } from "@trine/core/guard";
import type { Platform } from "@trine/core/platform";
import { type Logger, listenOn, type Metrics, parseTrustedProxies } from "@trine/runtime";
import { admit } from "./arrive/admit.ts";
import { openTlsIdentity } from "./identity/open-tls-identity.ts";
import type { TlsIdentity } from "./identity/tls-identity.ts";
import type { Ingress, ListenerOptions } from "./ingress.ts";
import { createAddressCounts } from "./limits/address-counts.ts";
import { createHandshakeSlots } from "./limits/handshake-slots.ts";
import { createFactReader } from "./proxy/channel-facts.ts";
import { readProxyKey } from "./proxy/proxy-key.ts";
import type { IngressSettings } from "./settings.ts";
import { createTerminator } from "./tls/create-terminator.ts";
import { createUpgrader } from "./web-socket/create-upgrader.ts";

/** Connections that wait to be accepted when thousands come at once: of more, the last would have lost patience before their turn came. */
const BACKLOG = 1_024;

/** What the ingress of a process needs of it. */
export interface IngressDeps {
  readonly settings: IngressSettings;
  readonly platform: Pick<Platform, "pskKeys" | "recorder" | "mayAccept">;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Where a development certificate may be kept; absent when the process has no folder of its own. */
  readonly dataFolder: string | undefined;
}

/**
 * Opens the ingress of a process.
 *
 * @throws StartError when a setting, or a file that it names, cannot be used.
 */
export async function createIngress(deps: IngressDeps): Promise<Ingress> {
  const { settings, platform, metrics } = deps;
  const isTrustedProxy = parseTrustedProxies(settings.TRINE_TRUSTED_PROXIES);
  const readFacts = createFactReader(readProxyKey(settings.TRINE_PROXY_KEY_FILE));
  const identity = await openTlsIdentity(settings, deps);
  const withinMs = settings.TRINE_FIRST_BYTE_SECONDS * 1_000;
  const refused = (why: string) => metrics.ingressRefused.inc({ why });
  const upgrader = createUpgrader({ withinMs, refused });
  const terminator =
    identity &&
    createTerminator({
      identity,
      legacy: settings.TRINE_TLS_LEGACY === "on",
      handshakeMs: withinMs,
      pskKeys: platform.pskKeys,
      recorder: platform.recorder,
      metrics,
    });
  const slots = createHandshakeSlots(settings.TRINE_TLS_HANDSHAKES, (taken) =>
    metrics.tlsHandshakesInFlight.set(taken),
  );
  const counts = createAddressCounts(settings.TRINE_CONNECTIONS_PER_ADDRESS);
  const admitDeps = { isTrustedProxy, readFacts, terminator, slots, upgrader, withinMs };
  /** Connections that no receiver has taken yet. */
  const waitingByListener = new Set<Set<Socket>>();

  /** Counts a connection for the network that it comes from as long as it is open. */
  function countFor(socket: Socket): (peer: string) => boolean {
    return (peer) => {
      const release = counts.take(subnetOf(peer));
      if (release) socket.once("close", release);
      return release !== undefined;
    };
  }

  async function arrive(socket: Socket, options: ListenerOptions, waiting: Set<Socket>): Promise<void> {
    // Whatever happens to it before a receiver listens is no fault of this process.
    socket.on("error", () => undefined);
    const address = plainAddress(socket.remoteAddress ?? "");
    const admitPeer = countFor(socket);
    waiting.add(socket);
    metrics.ingressWaiting.inc();
    const why = platform.mayAccept() ? await admit(socket, { address, options, admitPeer }, admitDeps) : "full";
    waiting.delete(socket);
    metrics.ingressWaiting.dec();
    if (why === undefined) return;
    refused(why);
    socket.destroy();
  }

  return {
    ...offerOf(identity),
    isTrustedProxy,
    async listen(options) {
      const { host, port, setting } = options;
      const here = new Set<Socket>();
      const server = createServer({ noDelay: true }, (socket) => {
        arrive(socket, options, here).catch((error: unknown) => {
          platform.recorder.fault("ingress", error);
          socket.destroy();
        });
      });
      const taken = await listenOn(server, { host, port, setting, backlog: BACKLOG });
      // The process has run out of file descriptors, say: it serves whom it has.
      server.on("error", (error) => platform.recorder.fault(`listener_${setting}`, error));
      waitingByListener.add(here);
      return {
        port: taken,
        // What its receivers took goes on; a server is closed only when that has ended, so nobody waits for it.
        async stop() {
          server.close();
          waitingByListener.delete(here);
          closeAll(here);
        },
      };
    },
    async close() {
      for (const sockets of waitingByListener) closeAll(sockets);
      upgrader.close();
      terminator?.close();
      identity?.close();
    },
  };
}

function offerOf(identity: TlsIdentity | undefined): Pick<Ingress, "hasTls" | "certificate" | "caFile"> {
  if (!identity) return { hasTls: false };
  return { hasTls: true, certificate: identity, ...(identity.caFile === undefined ? {} : { caFile: identity.caFile }) };
}

function closeAll(sockets: Iterable<Socket>): void {
  for (const socket of sockets) socket.destroy();
}
