import type { DeviceRef } from "@trine/core/certificate";
import { z } from "zod";
import type { ServiceHost } from "../../contracts.ts";
import type { ProductMemory } from "../../kit/memory.ts";
import { instant, pageOf, pageQuery } from "../../kit/rest/pages.ts";
import { route, type ServiceRoute } from "../../kit/rest/service-route.ts";
import type { KnownModel } from "../known-model.ts";
import type { ModelHistory } from "../stores/history.ts";
import type { LastValue, LastValues } from "../stores/last-values.ts";

const DEVICE = "/v1/products/:productKey/devices/:deviceName";

const valueBody = z.object({
  identifier: z.string(),
  value: z.unknown(),
  time: instant.describe(
    "When it was so, as the device says; the time of arrival where it says none that can be right.",
  ),
  receivedAt: instant,
});

const historyQuery = pageQuery.extend({
  from: instant.optional().describe("By the device's time."),
  to: instant.optional().describe("Before this."),
});

interface Deps {
  readonly host: Pick<ServiceHost, "registry" | "clock">;
  readonly models: Pick<ProductMemory<KnownModel>, "of">;
  readonly values: Pick<LastValues, "list">;
  readonly history: Pick<ModelHistory, "values" | "events">;
}

/** What devices have posted. */
export function valueRoutes({ host, models, values, history }: Deps): readonly ServiceRoute[] {
  /** History is kept by the iotId; none where the device is gone since. */
  async function iotIdOf(device: DeviceRef): Promise<string> {
    return (await host.registry.findCredentials(device))?.iotId ?? "";
  }
  const pageOfQuery = ({ from, to, ...page }: z.output<typeof historyQuery>) => ({
    ...page,
    nowMs: host.clock.nowMs(),
    fromMs: from === undefined ? undefined : Date.parse(from),
    toMs: to === undefined ? undefined : Date.parse(to),
  });

  return [
    route({
      method: "GET",
      path: `${DEVICE}/properties`,
      access: { role: "viewer", scope: "product" },
      summary: "Show the last values of a device's properties",
      description: "Those that the product's thing model has.",
      response: { 200: z.object({ items: z.array(valueBody) }) },
      async handle({ device }) {
        const { model } = await models.of(device.productKey);
        const known = await values.list(device);
        return { items: known.filter(({ identifier }) => model?.properties.has(identifier)).map(show) };
      },
    }),
    route({
      method: "GET",
      path: `${DEVICE}/properties/:identifier/history`,
      access: { role: "viewer", scope: "product" },
      summary: "List earlier values of a property, newest first",
      description: "There are some where the product's `historyDays` is not 0.",
      query: historyQuery,
      response: { 200: pageOf(valueBody) },
      async handle({ device, params, query }) {
        const page = await history.values(await iotIdOf(device), params["identifier"] ?? "", pageOfQuery(query));
        return { ...page, items: page.items.map(show) };
      },
    }),
    route({
      method: "GET",
      path: `${DEVICE}/events`,
      access: { role: "viewer", scope: "product" },
      summary: "List events of a device, newest first",
      description: "There are some where the product's `historyDays` is not 0.",
      query: historyQuery.extend({ identifier: z.string().optional().describe("Only events of this name.") }),
      response: { 200: pageOf(valueBody) },
      async handle({ device, query: { identifier, ...query } }) {
        const page = await history.events(await iotIdOf(device), { ...pageOfQuery(query), identifier });
        return { ...page, items: page.items.map(show) };
      },
    }),
  ];
}

function show({ identifier, value, atMs, receivedAtMs }: LastValue) {
  return { identifier, value, time: new Date(atMs).toISOString(), receivedAt: new Date(receivedAtMs).toISOString() };
}
