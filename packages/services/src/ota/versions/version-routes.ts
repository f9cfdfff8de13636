import { z } from "zod";
import { instant, route, type ServiceRoute } from "../../kit/rest/index.ts";
import type { VersionStore } from "./version-store.ts";

const versions = z.object({
  modules: z.array(
    z.object({
      module: z.string(),
      version: z.string(),
      since: instant.describe("When the device said so first."),
    }),
  ),
});

/** What operators may ask about the firmware of a device. */
export function versionRoutes(store: Pick<VersionStore, "list">): readonly ServiceRoute[] {
  return [
    route({
      method: "GET",
      path: "/v1/products/:productKey/devices/:deviceName/firmware",
      access: { role: "viewer", scope: "product" },
      summary: "Show which firmware a device runs",
      description: "As the device itself informs of it, for each of its modules.",
      response: { 200: versions },
      async handle({ device }) {
        const modules = await store.list(device);
        return {
          modules: modules.map(({ module, version, sinceMs }) => ({
            module,
            version,
            since: new Date(sinceMs).toISOString(),
          })),
        };
      },
    }),
  ];
}
