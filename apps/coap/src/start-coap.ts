import { setTimeout as wait } from "node:timers/promises";
import { createInTurn } from "@trine/core/messaging";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import { createBlockwise } from "./blockwise.ts";
import { createDownloads } from "./downloads.ts";
import { type Endpoint, openEndpoint } from "./endpoint.ts";
import type { MessageBody } from "./json-body.ts";
import { createMessageLayer, type MessageLayer } from "./message-layer.ts";
import { createObservers } from "./observers.ts";
import { RETRY_AFTER_SECONDS } from "./response-code.ts";
import { answer, type RouterDeps } from "./router.ts";
import type { CoapSettings } from "./settings.ts";
import { TRANSPORT } from "./transport.ts";

type PortName = "TRINE_COAP_PORT" | "TRINE_COAP_SYMMETRIC_PORT";

/**
 * Starts the CoAP adapter.
 *
 * It holds no connections, only observers, which end with their sessions; a revoked token is refused by the store. While this node may not
 * serve, what comes in is dropped unseen and nothing goes out.
 *
 * @throws StartError when a port cannot be had; nothing is left open then.
 */
export async function startCoap(platform: Platform, settings: CoapSettings): Promise<RunningAdapter> {
  const stopping = new AbortController();
  const downloads = createDownloads<MessageBody>({
    bytes: settings.TRINE_COAP_DOWNLOAD_BYTES,
    idleMs: settings.TRINE_COAP_DOWNLOAD_MS,
  });
  const observers = createObservers(
    { platform, downloads },
    {
      max: settings.TRINE_COAP_OBSERVERS,
      transferMs: settings.TRINE_COAP_DOWNLOAD_MS,
      retryMs: RETRY_AFTER_SECONDS * 1000,
    },
  );
  const shared = {
    platform,
    downloads,
    observers,
    stopping: stopping.signal,
    queue: createInTurn(),
    payloadBytes: settings.TRINE_COAP_PAYLOAD_BYTES,
    blockwise: createBlockwise({
      uploads: settings.TRINE_COAP_UPLOADS,
      bytes: settings.TRINE_COAP_UPLOAD_BYTES,
      idleMs: settings.TRINE_COAP_UPLOAD_MS,
    }),
  };
  const listeners: { name: PortName; endpoint: Endpoint; layer: MessageLayer }[] = [];
  const stop = async (drainMs = 0) => {
    // There is no connection to hand on: a balancer sends here until it has seen that this process is not ready.
    if (drainMs > 0) await wait(drainMs);
    observers.endAll();
    stopping.abort();
    await Promise.all(listeners.map(({ layer }) => layer.drain()));
    await Promise.all(listeners.map(({ endpoint }) => endpoint.close()));
  };
  try {
    for (const name of ["TRINE_COAP_PORT", "TRINE_COAP_SYMMETRIC_PORT"] as const) {
      const port = settings[name];
      if (port === "off") continue;
      const deps = { ...shared, symmetric: name === "TRINE_COAP_SYMMETRIC_PORT" };
      listeners.push({ name, ...(await listen(deps, settings, { name, port })) });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports: Object.fromEntries(listeners.map(({ name, endpoint }) => [name, endpoint.port])), stop };
}

async function listen(
  deps: RouterDeps,
  settings: CoapSettings,
  { name, port }: { name: PortName; port: number },
): Promise<{ endpoint: Endpoint; layer: MessageLayer }> {
  const { platform, observers } = deps;
  const limits = {
    repeats: settings.TRINE_COAP_REPEATS,
    inFlight: settings.TRINE_COAP_IN_FLIGHT,
    notifications: settings.TRINE_COAP_OBSERVERS,
    piggybackMs: settings.TRINE_COAP_PIGGYBACK_MS,
  };
  const layer: MessageLayer = createMessageLayer(limits, {
    // Nothing is sent before a datagram came in, and none comes in before the socket is bound.
    send: (datagram, to) => void (platform.mayServe() && endpoint.send(datagram, to)),
    handle: (request) => answer(deps, request),
  });
  const endpoint: Endpoint = await openEndpoint(
    { host: settings.TRINE_DEVICE_HOST, port, setting: name },
    {
      datagram(datagram, from) {
        if (platform.mayServe()) return layer.receive(datagram, from);
        platform.recorder.dropped(TRANSPORT, "past_lease");
        observers.endAll();
      },
      fault: (error) => platform.recorder.fault("coap_socket", error),
    },
  );
  return { endpoint, layer };
}
