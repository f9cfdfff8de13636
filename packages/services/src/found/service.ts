import { z } from "zod";
import type { DeviceService } from "../contracts.ts";
import { alink, PARAMETER_ERROR } from "../kit/alink/alink.ts";
import { instant, route, serviceProblem } from "../kit/rest/index.ts";
import { parseFound } from "./parse-found.ts";
import { createSqlFoundStore } from "./store.ts";

const NONE = serviceProblem({ status: 404, code: "nothing_found", title: "The device has not found others" });

const shown = z.object({
  foundAt: instant,
  devices: z.array(z.object({ productKey: z.string(), deviceName: z.string() })),
});

/** Gateways tell which devices they found that are behind nobody yet; applications read it in the form of wire-format 9.3. */
export const service: DeviceService = {
  name: "found",
  summary: "devices that gateways find",
  isOnByDefault: true,
  open({ database }) {
    const store = createSqlFoundStore(database);
    return {
      topics: {
        "/sys/{pk}/{dn}/thing/list/found": alink(async (params, { session, device, receivedAtMs }) => {
          const found = parseFound(params);
          if (!found) return PARAMETER_ERROR;
          await store.put(device, { found, foundAtMs: receivedAtMs });
          const { productKey, deviceName } = device;
          const body = {
            gwIotId: session.iotId,
            gwProductKey: productKey,
            gwDeviceName: deviceName,
            devices: found,
          };
          const topic = `/${productKey}/${deviceName}/thing/list/found`;
          return { code: 200, record: { topic, payload: Buffer.from(JSON.stringify(body)) } };
        }),
      },
      routes: [
        route({
          method: "GET",
          path: "/v1/products/:productKey/devices/:deviceName/found",
          access: { role: "viewer", scope: "product" },
          summary: "Show which devices a gateway found last",
          response: { 200: shown },
          async handle({ device }) {
            const list = await store.find(device);
            if (!list) return NONE;
            return { foundAt: new Date(list.foundAtMs).toISOString(), devices: [...list.found] };
          },
        }),
      ],
    };
  },
};
