import type { AddressInfo } from "node:net";
import type { RunningAdapter } from "@trine/core/platform";
import { listenError } from "@trine/runtime";
import type { AdminDeps } from "./admin-deps.ts";
import { createAdminApp } from "./create-admin-app.ts";

/**
 * Starts the REST API.
 *
 * @throws StartError when the port cannot be had.
 */
export async function startAdmin(deps: AdminDeps): Promise<RunningAdapter> {
  const { TRINE_ADMIN_HOST: host, TRINE_ADMIN_PORT: port } = deps.settings;
  if (port === "off") return { ports: {}, stop: async () => {} };
  const app = await createAdminApp(deps);
  try {
    await app.listen({ host, port });
  } catch (error) {
    throw listenError(error, "TRINE_ADMIN_PORT", port);
  }
  return {
    ports: { TRINE_ADMIN_PORT: (app.server.address() as AddressInfo).port },
    stop: () => app.close(),
  };
}
