import type { DeviceRef } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";
import { type CertificateSource, type DtlsServer, type DtlsSession, type NoEngine, startDtls } from "@trine/dtls";
import { type Exchange, type Listener, openExchange } from "./listener.ts";
import type { SecuredSession } from "./peer.ts";
import type { RouterDeps } from "./router.ts";
import type { CoapSettings } from "./settings.ts";
import { SECURED_TRANSPORT } from "./transport.ts";

/** A session and the way to tell that it ended. */
interface OpenSession {
  readonly secured: SecuredSession;
  readonly end: AbortController;
}

// An identity of wire-format 2.8 has at most 86; a datagram of the message layer above at most about 1300.
const IDENTITY_BYTES = 128;
const DATAGRAM_BYTES = 4096;

/**
 * Listens on a port with DTLS (wire-format 5.7). Requests that come in one session know it, and what it proved.
 *
 * @param certificate without it devices need a pre-shared key.
 * @returns what is missing where DTLS cannot be spoken.
 * @throws StartError that names the setting when the port cannot be had.
 */
export async function listenSecured(
  deps: RouterDeps,
  settings: CoapSettings,
  { port, certificate }: { port: number; certificate: CertificateSource | undefined },
): Promise<Listener | NoEngine> {
  const open = new Map<DtlsSession, OpenSession>();
  const exchange: Exchange = openExchange(deps, settings, (datagram, { secured }) => {
    if (secured) server?.send(secured.session, datagram);
  });
  let server: DtlsServer | undefined;
  const started = await startDtls({
    host: settings.TRINE_DEVICE_HOST,
    port,
    setting: "TRINE_COAPS_PORT",
    mtu: settings.TRINE_COAPS_MTU,
    legacy: settings.TRINE_TLS_LEGACY === "on",
    limits: limitsOf(settings),
    ...(certificate ? { certificate } : {}),
    pskKeys: keysWhileServing(deps.platform),
    recorder: deps.platform.recorder,
    transport: SECURED_TRANSPORT,
    on: {
      datagram(session, datagram) {
        const { secured } = open.get(session) ?? begin(session);
        exchange.receive(datagram, { address: session.address, port: session.port, secured });
      },
      ended(session) {
        open.get(session)?.end.abort();
        open.delete(session);
      },
    },
  });
  if ("missing" in started) return started;
  server = started;
  return { port: server.port, drain: exchange.drain, close: () => started.stop() };

  function begin(session: DtlsSession): OpenSession {
    const end = new AbortController();
    let vouched = session.proof?.kind === "psk";
    const vouch = (device: DeviceRef) => {
      if (!vouched) server?.vouch(session, device);
      vouched = true;
    };
    const begun = { secured: { session, ended: end.signal, vouch }, end };
    open.set(session, begun);
    return begun;
  }
}

function limitsOf(settings: CoapSettings) {
  return {
    sessions: settings.TRINE_COAPS_SESSIONS,
    handshakes: settings.TRINE_COAPS_HANDSHAKES,
    hellosPerSecond: settings.TRINE_COAPS_HELLOS_PER_SECOND,
    datagramBytes: DATAGRAM_BYTES,
    identityBytes: IDENTITY_BYTES,
    handshakeMs: settings.TRINE_COAPS_HANDSHAKE_SECONDS * 1000,
    idleMs: settings.TRINE_COAPS_IDLE_SECONDS * 1000,
    unprovenIdleMs: settings.TRINE_COAPS_LOGIN_SECONDS * 1000,
  };
}

/** What this node knows of keys may be out of date while it may not serve. */
function keysWhileServing({ pskKeys, mayServe }: Platform): Platform["pskKeys"] {
  return {
    async find(identity) {
      if (!mayServe()) throw new Error("this node may not serve now");
      return pskKeys.find(identity);
    },
  };
}
