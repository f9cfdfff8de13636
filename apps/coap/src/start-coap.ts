import { setTimeout as wait } from "node:timers/promises";
import { createInTurn } from "@trine/core/messaging";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import type { CertificateSource } from "@trine/dtls";
import { createBlockwise } from "./blockwise.ts";
import { createDownloads } from "./downloads.ts";
import type { MessageBody } from "./json-body.ts";
import { listenPlain } from "./listen-plain.ts";
import { listenSecured } from "./listen-secured.ts";
import type { Listener } from "./listener.ts";
import { createObservers } from "./observers.ts";
import type { CoapSettings } from "./settings.ts";

/** After which time a mailbox that could not be read for its observer is read again. */
const OBSERVE_AGAIN_MS = 5_000;

/** What the adapter needs of its process beside the platform. */
export interface CoapDeps {
  /** Without it devices need a pre-shared key to speak DTLS. */
  readonly certificate?: CertificateSource | undefined;
  /** Says in one line what is not served, and why. */
  readonly warn?: (message: string) => void;
}

const PLAIN_PORTS = [
  { setting: "TRINE_COAP_PORT", symmetric: false },
  { setting: "TRINE_COAP_SYMMETRIC_PORT", symmetric: true },
] as const;

/**
 * Starts the CoAP adapter.
 *
 * Over plain UDP it holds no connections, only observers, which end with their sessions; a revoked token is refused by the store. While this
 * node may not serve, what comes in is dropped unseen and nothing goes out. Where DTLS cannot be spoken it starts without that.
 *
 * @throws StartError when a port cannot be had; nothing is left open then.
 */
export async function startCoap(
  platform: Platform,
  settings: CoapSettings,
  { certificate, warn }: CoapDeps = {},
): Promise<RunningAdapter> {
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
      retryMs: OBSERVE_AGAIN_MS,
    },
  );
  const shared = {
    platform,
    downloads,
    observers,
    stopping: stopping.signal,
    queue: createInTurn(),
    registersInClear: settings.TRINE_REGISTRATION_IN_CLEAR === "on",
    payloadBytes: settings.TRINE_COAP_PAYLOAD_BYTES,
    blockwise: createBlockwise({
      uploads: settings.TRINE_COAP_UPLOADS,
      bytes: settings.TRINE_COAP_UPLOAD_BYTES,
      idleMs: settings.TRINE_COAP_UPLOAD_MS,
    }),
  };
  const listeners = new Map<string, Listener>();
  const stop = async (drainMs = 0) => {
    // There is no connection to hand on: a balancer sends here until it has seen that this process is not ready.
    if (drainMs > 0) await wait(drainMs);
    observers.endAll();
    stopping.abort();
    await Promise.all([...listeners.values()].map((listener) => listener.drain()));
    await Promise.all([...listeners.values()].map((listener) => listener.close()));
  };
  try {
    for (const { setting, symmetric } of PLAIN_PORTS) {
      const port = settings[setting];
      if (port === "off") continue;
      listeners.set(setting, await listenPlain({ ...shared, symmetric }, settings, { setting, port }));
    }
    const port = settings.TRINE_COAPS_PORT;
    const secured =
      port === "off"
        ? undefined
        : await listenSecured({ ...shared, symmetric: false }, settings, { port, certificate });
    if (secured && "missing" in secured) warn?.(`CoAP over DTLS is not served here: ${secured.missing}`);
    else if (secured) listeners.set("TRINE_COAPS_PORT", secured);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports: Object.fromEntries([...listeners].map(([setting, { port }]) => [setting, port])), stop };
}
