import { z } from "zod";
import type { DeviceService } from "../contracts.ts";
import { createFollower } from "./follow-changes.ts";
import { createTopologyNews } from "./news.ts";
import { registrationTopics } from "./registration-topics.ts";
import { topologyRoutes } from "./routes.ts";
import { sessionTopics } from "./session-topics.ts";
import { createSqlTopologyStore } from "./sql-store.ts";
import { createSubLogins } from "./sub-logins.ts";
import { createTopology } from "./topology.ts";
import { topologyTopics } from "./topology-topics.ts";

const settings = {
  TRINE_SUB_DEVICES: z.coerce
    .number()
    .int()
    .min(1)
    .default(2_000)
    .describe("Devices behind one gateway (wire-format 10), and of these logged in at once."),
};

/** Devices behind gateways: who is behind whom, and their sessions over the connections of their gateways (wire-format 7). */
export const service: DeviceService<typeof settings> = {
  name: "topology",
  summary: "sub-devices: devices behind gateways, over whose connections they log in",
  isOnByDefault: true,
  settings,
  open(host, { TRINE_SUB_DEVICES: most }) {
    const store = createSqlTopologyStore(host.database);
    const news = createTopologyNews(host);
    const topology = createTopology({ host, store, news, most });
    const logins = createSubLogins({ host, store, most });
    return {
      topics: {
        ...registrationTopics({ host, store, topology }),
        ...topologyTopics({ host, store, topology, most }),
        ...sessionTopics(logins),
      },
      changing: createFollower({ store, news }),
      routes: topologyRoutes({ host, store, topology }),
    };
  },
};
