import type { DeviceService } from "../contracts.ts";
import { alink } from "../kit/alink/alink.ts";
import { createSqlCallStore } from "./calls/call-store.ts";
import { createCalls } from "./calls/calls.ts";
import { createSyncCalls } from "./calls/sync-calls.ts";
import { takeAnswers } from "./calls/take-answers.ts";
import { createSqlDesiredValues } from "./desired/desired-store.ts";
import { createTakeDesired } from "./desired/take-desired.ts";
import { createKnownModels } from "./known-model.ts";
import { parseEvent, parseHistory, parsePack, parseProperties } from "./posts/parse-posts.ts";
import { createTakePosts } from "./posts/take-posts.ts";
import { callRoutes } from "./routes/call-routes.ts";
import { desiredRoutes } from "./routes/desired-routes.ts";
import { modelRoutes } from "./routes/model-routes.ts";
import { valueRoutes } from "./routes/value-routes.ts";
import { createSqlHistory } from "./stores/history.ts";
import { createSqlLastValues } from "./stores/last-values.ts";
import { createSqlProductModels } from "./stores/product-store.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const WEEK_MS = 604_800_000;
const CALLS_AT_ONCE = 1_000;

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
    const callStore = createSqlCallStore(database);
    const calls = createCalls(host, callStore);
    const callNow = createSyncCalls(host, callStore);
    const desired = createSqlDesiredValues(database);
    const takeDesired = createTakeDesired(desired);
    const tellModel = alink(async (_params, { device }) => ({
      code: 200,
      data: (await models.of(device.productKey)).model?.text ?? {},
    }));
    return {
      topics: {
        "/sys/{pk}/{dn}/thing/event/property/post": alink(take(parseProperties)),
        "/sys/{pk}/{dn}/thing/event/property/pack/post": alink(take(parsePack)),
        "/sys/{pk}/{dn}/thing/event/property/batch/post": alink(take(parsePack)),
        "/sys/{pk}/{dn}/thing/event/property/history/post": alink(take(parseHistory)),
        "/sys/{pk}/{dn}/thing/property/history/post": alink(take(parseHistory)),
        "/sys/{pk}/{dn}/thing/event/+/post": alink(take(parseEvent)),
        "/sys/{pk}/{dn}/thing/property/desired/get": alink(takeDesired.get),
        "/sys/{pk}/{dn}/thing/property/desired/delete": alink(takeDesired.delete),
        "/sys/{pk}/{dn}/thing/dsltemplate/get": tellModel,
        "/sys/{pk}/{dn}/thing/dynamicTsl/get": tellModel,
        // Bytes of the product's own: nobody here can read them, and the device hears that they came.
        "/sys/{pk}/{dn}/thing/model/up_raw": {
          serve: ({ topic }) => ({ code: "raw", reply: { topic: `${topic}_reply`, payload: Buffer.alloc(0) } }),
          refuse: () => ({ code: "off" }),
        },
        // Without the device's names, a pattern lets devices publish on nothing that they may not: requests are the cloud's.
        "/sys/+/+/thing/service/#": takeAnswers(calls),
      },
      routes: [
        ...modelRoutes(host, products),
        ...valueRoutes({ host, models, values, history }),
        ...callRoutes({ host, models, calls, callNow }),
        ...desiredRoutes({ host, models, calls, desired }),
      ],
      works: [
        { name: "model_history", everyMs: HOUR_MS, run: () => history.drop(clock.nowMs()).then(() => false) },
        {
          name: "model_calls",
          everyMs: MINUTE_MS,
          run: async () => (await callStore.drop(clock.nowMs() - WEEK_MS, CALLS_AT_ONCE)) === CALLS_AT_ONCE,
        },
      ],
      async told(body) {
        calls.told(body);
        return undefined;
      },
      evict: models.evict,
      clear: models.clear,
    };
  },
};
