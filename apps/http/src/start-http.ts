import type { AddressInfo } from "node:net";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import { listenError } from "@trine/runtime";
import { createHttpApp } from "./create-http-app.ts";
import { holdSockets } from "./hold-sockets.ts";
import type { HttpSettings } from "./settings.ts";

/**
 * Starts the HTTP adapter.
 *
 * @throws StartError when the port cannot be had.
 */
export async function startHttp(platform: Platform, settings: HttpSettings): Promise<RunningAdapter> {
  const { TRINE_DEVICE_HOST: host, TRINE_HTTP_PORT: port } = settings;
  if (port === "off") return { ports: {}, stop: async () => {} };
  const app = createHttpApp(platform, settings);
  const release = holdSockets(app.server, platform);
  try {
    await app.listen({ host, port });
  } catch (error) {
    release();
    throw listenError(error, "TRINE_HTTP_PORT", port);
  }
  return {
    ports: { TRINE_HTTP_PORT: (app.server.address() as AddressInfo).port },
    async stop() {
      await app.close();
      release();
    },
  };
}
