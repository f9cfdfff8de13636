import type { Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { RunningAdapter } from "@trine/core/platform";
import { listenError } from "@trine/runtime";
import { openAdminTls } from "./access/admin-tls.ts";
import type { AdminDeps } from "./admin-deps.ts";
import { createAdminApp } from "./create-admin-app.ts";

/**
 * Starts the REST API, over TLS when there is a certificate for it.
 *
 * @throws StartError when the port cannot be had, or the certificate not be used.
 */
export async function startAdmin(deps: AdminDeps): Promise<RunningAdapter> {
  const { TRINE_ADMIN_HOST: host, TRINE_ADMIN_PORT: port } = deps.settings;
  if (port === "off") return { ports: {}, stop: async () => {} };
  const tls = openAdminTls(deps.settings);
  const app = await createAdminApp(deps, tls);
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw listenError(error, "TRINE_ADMIN_PORT", port);
  }
  const unfollow = tls?.follow(app.server as Server, (error) => deps.recorder.fault("admin_tls", error));
  return {
    ports: { TRINE_ADMIN_PORT: (app.server.address() as AddressInfo).port },
    async stop() {
      unfollow?.();
      await app.close();
    },
  };
}
