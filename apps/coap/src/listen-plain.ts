import { openEndpoint } from "./endpoint.ts";
import { type Exchange, type Listener, openExchange } from "./listener.ts";
import type { RouterDeps } from "./router.ts";
import type { CoapSettings } from "./settings.ts";

/**
 * Listens on a port without DTLS.
 *
 * @throws StartError that names `setting` when the port cannot be had.
 */
export async function listenPlain(
  deps: RouterDeps,
  settings: CoapSettings,
  { setting, port }: { setting: string; port: number },
): Promise<Listener> {
  // Nothing is sent before a datagram came in, and none comes in before the socket is bound.
  const exchange: Exchange = openExchange(deps, settings, (datagram, to) => endpoint.send(datagram, to));
  const endpoint = await openEndpoint(
    { host: settings.TRINE_DEVICE_HOST, port, setting },
    {
      datagram: exchange.receive,
      fault: (error) => deps.platform.recorder.fault("coap_socket", error),
    },
  );
  return { port: endpoint.port, drain: exchange.drain, close: () => endpoint.close() };
}
