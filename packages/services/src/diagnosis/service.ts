import { z } from "zod";
import type { DeviceService } from "../contracts.ts";
import { alink, PARAMETER_ERROR } from "../kit/alink/alink.ts";
import { instant, route } from "../kit/rest/index.ts";
import { parseDiagnosis } from "./parse-diagnosis.ts";
import { createSqlDiagnosisStore } from "./store.ts";

/** Records that are kept of one device: its oldest go first. */
const KEPT_RECORDS = 50;

const shown = z.object({
  items: z.array(
    z.object({
      time: instant.optional().describe("By the clock of the device."),
      receivedAt: instant,
      history: z.boolean().describe("Whether the device tells of the past."),
      network: z.record(z.string(), z.unknown()).describe("As the device said."),
    }),
  ),
});

/** Devices tell how good their network is (wire-format 6.2). */
export const service: DeviceService = {
  name: "diagnosis",
  summary: "what devices say of the quality of their network",
  isOnByDefault: true,
  open({ database }) {
    const store = createSqlDiagnosisStore(database);
    return {
      topics: {
        "/sys/{pk}/{dn}/_thing/diag/post": alink(async (params, { device, receivedAtMs }) => {
          const records = parseDiagnosis(params, receivedAtMs);
          if (!records) return PARAMETER_ERROR;
          await store.add(device, records, KEPT_RECORDS);
          return { code: 200 };
        }),
      },
      routes: [
        route({
          method: "GET",
          path: "/v1/products/:productKey/devices/:deviceName/diagnosis",
          access: { role: "viewer", scope: "product" },
          summary: "Show what a device said of its network, newest first",
          response: { 200: shown },
          async handle({ device }) {
            const records = await store.list(device);
            return {
              items: records.map(({ timeMs, receivedAtMs, isHistory, network }) => ({
                ...(timeMs === undefined ? {} : { time: new Date(timeMs).toISOString() }),
                receivedAt: new Date(receivedAtMs).toISOString(),
                history: isHistory,
                network: { ...network },
              })),
            };
          },
        }),
      ],
    };
  },
};
