import type { DeviceService, ServiceHost, TopicHandler } from "../contracts.ts";
import { alink, PARAMETER_ERROR } from "../kit/alink/alink.ts";
import { parseObject } from "../kit/alink/parse-object.ts";
import { createProductMemory } from "../kit/memory.ts";
import type { ConfigFacts } from "./contracts.ts";
import { deviceView } from "./device-view.ts";
import { createDownloads } from "./downloads.ts";
import { parseGet, parsePushReply } from "./parse-get.ts";
import { createPushWork, TURN_MS } from "./push-work.ts";
import { configRoutes } from "./routes.ts";
import { createSqlConfigStore } from "./sql-config-store.ts";
import { createSqlPushStore } from "./sql-push-store.ts";
import type { PushStore } from "./store.ts";

/** A device fetches right after it was told; one on a bad line may need a while. */
const LINK_MS = 3_600_000;

const NONE = { code: 6710, message: "the product has no configuration" } as const;
const OFF = { code: 6713, message: "remote configuration is switched off for this product" } as const;

/** One configuration for all devices of a product, which ask for it or are pushed it (wire-format 8.4). */
export const service: DeviceService = {
  name: "config",
  summary: "remote configuration: one file for all devices of a product",
  isOnByDefault: true,
  open(host) {
    const configs = createSqlConfigStore(host.database);
    const pushes = createSqlPushStore(host.database);
    const current = createProductMemory<{ readonly facts?: ConfigFacts }>(host, async (productKey) => {
      const facts = await configs.current(productKey);
      return facts ? { facts } : {};
    });
    const get = alink(
      async (params, { device: { productKey } }) => {
        const getType = parseGet(params);
        if (!getType) return PARAMETER_ERROR;
        const { facts } = await current.of(productKey);
        if (!facts) return NONE;
        const view = deviceView(host, productKey, { facts, linkMs: LINK_MS });
        if (getType === "file") return { code: 200, data: view };
        const config = await configs.find(productKey, facts);
        return config ? { code: 200, data: { ...view, getType, content: config.content } } : NONE;
      },
      { switchedOff: OFF },
    );
    return {
      topics: {
        "/sys/{pk}/{dn}/thing/config/get": get,
        "/sys/{pk}/{dn}/thing/config/push_reply": answered(host, pushes),
      },
      routes: configRoutes(host, { configs, pushes }),
      works: [{ name: "config pushes", everyMs: TURN_MS, run: createPushWork({ ...host, configs, pushes }) }],
      downloads: createDownloads(configs),
      evict: current.evict,
      clear: current.clear,
    };
  },
};

/** Devices say whether they took a push. Nobody answers an answer. */
function answered({ clock }: ServiceHost, pushes: PushStore): TopicHandler {
  return {
    async serve({ device, payload }) {
      const answer = parsePushReply(parseObject(payload)?.members);
      if (!answer) return { code: "malformed" };
      await pushes.noteAnswer(device, { ...answer, nowMs: clock.nowMs() });
      return { code: "ok" };
    },
    refuse: () => ({ code: "off" }),
  };
}
