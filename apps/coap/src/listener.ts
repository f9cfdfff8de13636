import { createMessageLayer } from "./message-layer.ts";
import type { Peer } from "./peer.ts";
import { answer, type RouterDeps } from "./router.ts";
import type { CoapSettings } from "./settings.ts";
import { transportOf } from "./transport.ts";

/** An open port, with what is under way on it. */
export interface Listener {
  readonly port: number;
  /** Lets nothing new in, and resolves when every request has its answer. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Where the datagrams of one port go and come from. */
export interface Exchange {
  /** Drops it unseen while this node may not serve. */
  receive(datagram: Buffer, from: Peer): void;
  drain(): Promise<void>;
}

/** Makes the message layer and the router of one port. */
export function openExchange(
  deps: RouterDeps,
  settings: CoapSettings,
  send: (datagram: Buffer, to: Peer) => void,
): Exchange {
  const { platform, observers } = deps;
  const limits = {
    repeats: settings.TRINE_COAP_REPEATS,
    inFlight: settings.TRINE_COAP_IN_FLIGHT,
    notifications: settings.TRINE_COAP_OBSERVERS,
    piggybackMs: settings.TRINE_COAP_PIGGYBACK_MS,
  };
  const layer = createMessageLayer(limits, {
    send: (datagram, to) => void (platform.mayServe() && send(datagram, to)),
    handle: (request) => answer(deps, request),
  });
  return {
    receive(datagram, from) {
      if (platform.mayServe()) return layer.receive(datagram, from);
      platform.recorder.dropped(transportOf(from), "past_lease");
      observers.endAll();
    },
    drain: () => layer.drain(),
  };
}
