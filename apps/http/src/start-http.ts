import type { Platform, RunningAdapter } from "@trine/core/platform";
import type { Ingress, Listener, ListenerOptions, Receivers } from "@trine/ingress";
import { createHttpApp } from "./create-http-app.ts";
import type { HttpSettings } from "./settings.ts";

/** The HTTP adapter, started. */
export interface HttpAdapter extends RunningAdapter {
  /** Takes connections of other listeners. */
  readonly receivers: Receivers;
}

/**
 * Starts the HTTP adapter.
 *
 * @throws StartError when a port cannot be had.
 */
export async function startHttp(platform: Platform, settings: HttpSettings, ingress: Ingress): Promise<HttpAdapter> {
  const app = await createHttpApp(platform, settings, ingress);
  const receivers = { http: app.accept };
  const listeners: Listener[] = [];
  const ports: Record<string, number> = {};
  const stop = async () => {
    await Promise.all([...listeners.map((listener) => listener.stop()), app.close()]);
  };
  try {
    for (const options of listenersOf(settings, ingress)) {
      const listener = await ingress.listen({ ...options, receivers });
      listeners.push(listener);
      ports[options.setting] = listener.port;
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const letGo = platform.hold({ ...HOLDS_NO_DEVICE, closeAll: app.closeAll, closeIdle: app.closeIdle });
  return {
    ports,
    receivers,
    async stop() {
      await stop();
      letGo();
    },
  };
}

/**
 * No device has a connection of its own here: a token is revoked where it is kept, and a poll that waits for the device's messages ends by
 * itself. The sockets are closed when the node may not serve any more.
 */
const HOLDS_NO_DEVICE = {
  close: async () => 0,
  closeOlder: async () => 0,
  held: () => [],
  wake: () => undefined,
  wakeAll: () => undefined,
  deliver: () => false,
};

/** Without a certificate there is nothing that the port of TLS could answer. */
function listenersOf(settings: HttpSettings, { hasTls }: Ingress): Omit<ListenerOptions, "receivers">[] {
  const { TRINE_DEVICE_HOST: host, TRINE_HTTP_PORT: port, TRINE_HTTPS_PORT: securePort } = settings;
  return [
    ...(port === "off" ? [] : [{ host, port, setting: "TRINE_HTTP_PORT", tls: "never" } as const]),
    ...(securePort === "off" || !hasTls
      ? []
      : [{ host, port: securePort, setting: "TRINE_HTTPS_PORT", tls: "only" } as const]),
  ];
}
