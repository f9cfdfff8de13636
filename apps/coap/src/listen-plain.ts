import { listenError } from "@trine/runtime";
import { openUdpPort, type UdpPort } from "@trine/runtime/udp";
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
  const exchange: Exchange = openExchange(deps, settings, (datagram, to) => udp.send(datagram, to));
  const { recorder } = deps.platform;
  let udp: UdpPort;
  try {
    udp = await openUdpPort(
      { host: settings.TRINE_DEVICE_HOST, port },
      {
        datagram: exchange.receive,
        dropped: (reason) => recorder.dropped("coap", reason),
        fault: (error) => recorder.fault("coap_socket", error),
      },
    );
  } catch (error) {
    throw listenError(error, setting, port);
  }
  return { port: udp.port, drain: exchange.drain, close: () => udp.close() };
}
