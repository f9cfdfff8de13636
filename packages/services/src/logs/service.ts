import type { DeviceService } from "../contracts.ts";
import { alink, PARAMETER_ERROR } from "../kit/alink/alink.ts";
import { parseGet, parsePost } from "./parse-logs.ts";
import { logRoutes } from "./routes.ts";
import { createSqlLogStore } from "./sql-log-store.ts";

/** Records that are kept of one device: its oldest go first. */
const KEPT_RECORDS = 500;

const WRONG_TYPE = { code: 6717, message: "only content can be got" } as const;
const WRONG_SCOPE = { code: 6718, message: "only the device's own can be got" } as const;
const NOT_WANTED = { code: 403, message: "the device is not to report its log" } as const;

/** Devices report their log where an operator wants it (wire-format 8.4). */
export const service: DeviceService = {
  name: "logs",
  summary: "logs that devices report of themselves",
  isOnByDefault: true,
  open(host) {
    const store = createSqlLogStore(host.database);
    return {
      topics: {
        "/sys/{pk}/{dn}/thing/config/log/get": alink(async (params, { device }) => {
          switch (parseGet(params)) {
            case "malformed":
              return PARAMETER_ERROR;
            case "type":
              return WRONG_TYPE;
            case "scope":
              return WRONG_SCOPE;
            case "device":
              return { code: 200, data: logConfig(await store.isOn(device)) };
          }
        }),
        "/sys/{pk}/{dn}/thing/log/post": alink(async (params, { device, receivedAtMs }) => {
          const records = parsePost(params);
          if (!records) return PARAMETER_ERROR;
          if (!(await store.isOn(device))) return NOT_WANTED;
          await store.append(device, records, { nowMs: receivedAtMs, keep: KEPT_RECORDS });
          return { code: 200 };
        }),
      },
      routes: logRoutes(host, { store, logConfig }),
    };
  },
};

/** The same in an answer and in a push. */
function logConfig(isOn: boolean) {
  return { getType: "content", content: { mode: isOn ? 1 : 0 } };
}
