import type { DeviceService } from "../contracts.ts";
import { alink } from "../kit/alink/alink.ts";
import { createKnownModels } from "./known-model.ts";
import { parseEvent, parseHistory, parsePack, parseProperties } from "./posts/parse-posts.ts";
import { createTakePosts } from "./posts/take-posts.ts";
import { modelRoutes } from "./routes/model-routes.ts";
import { valueRoutes } from "./routes/value-routes.ts";
import { createSqlHistory } from "./stores/history.ts";
import { createSqlLastValues } from "./stores/last-values.ts";
import { createSqlProductModels } from "./stores/product-store.ts";

const HOUR_MS = 3_600_000;

/** The thing model of products: what devices post of it is judged, kept and told (wire-format 8.1). */
export const service: DeviceService = {
  name: "model",
  summary: "thing model: properties, events and services of devices",
  isOnByDefault: true,
  open(host) {
    const { database, uplink, clock } = host;
    const products = createSqlProductModels(database);
    const models = createKnownModels(host, products);
    const values = createSqlLastValues(database);
    const history = createSqlHistory(database);
    const take = createTakePosts({ models, values, history, uplink });
    return {
      topics: {
        "/sys/{pk}/{dn}/thing/event/property/post": alink(take(parseProperties)),
        "/sys/{pk}/{dn}/thing/event/property/pack/post": alink(take(parsePack)),
        "/sys/{pk}/{dn}/thing/event/property/batch/post": alink(take(parsePack)),
        "/sys/{pk}/{dn}/thing/event/property/history/post": alink(take(parseHistory)),
        "/sys/{pk}/{dn}/thing/property/history/post": alink(take(parseHistory)),
        "/sys/{pk}/{dn}/thing/event/+/post": alink(take(parseEvent)),
      },
      routes: [...modelRoutes(host, products), ...valueRoutes({ host, models, values, history })],
      works: [{ name: "model_history", everyMs: HOUR_MS, run: () => history.drop(clock.nowMs()).then(() => false) }],
      evict: models.evict,
      clear: models.clear,
    };
  },
};
