import type { ProductKey } from "@trine/core/certificate";
import { z } from "zod";
import type { ServiceHost } from "../../contracts.ts";
import { instant } from "../../kit/rest/pages.ts";
import { serviceProblem } from "../../kit/rest/service-problem.ts";
import { route, type ServiceRoute } from "../../kit/rest/service-route.ts";
import type { ProductModel, ProductModels } from "../stores/product-store.ts";
import { parseModel } from "../tsl/parse-model.ts";

const PATH = "/v1/products/:productKey/model";
const MOST_HISTORY_DAYS = 365;

const ifVersion = z.coerce
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1)
  .optional()
  .describe("Only if this is the version now; 0 where there never was a model.");

const options = z.object({
  validate: z
    .enum(["off", "report", "enforce"])
    .describe(
      "What becomes of values that the model does not allow: kept unseen, kept and told to the device and in the uplink log, or told and not kept.",
    ),
  historyDays: z
    .number()
    .int()
    .min(0)
    .max(MOST_HISTORY_DAYS)
    .describe("How long values and events that come from now on are kept; 0: not at all."),
});

const modelBody = z.object({
  version: z.number().int(),
  changedAt: instant.optional(),
  model: z.record(z.string(), z.unknown()).describe("The vendor's TSL JSON, as it was given."),
});

/** What operators do with the model of a product. */
export function modelRoutes(host: ServiceHost, products: ProductModels): readonly ServiceRoute[] {
  /** Every node forgets what it remembers before the answer. */
  async function told(
    { productKey, actor }: { productKey: ProductKey; actor: { name: string; peer: string } },
    action: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    await host.revocation.revoke({ productKey }, { close: false });
    const { name, peer } = actor;
    await host.audit.record({ atMs: host.clock.nowMs(), actor: name, action, target: productKey, detail, peer });
  }

  return [
    route({
      method: "GET",
      path: PATH,
      access: { role: "viewer", scope: "product" },
      summary: "Export the thing model of a product",
      response: { 200: modelBody },
      async handle({ productKey }) {
        return show(await products.find(productKey));
      },
    }),
    route({
      method: "PUT",
      path: PATH,
      access: { role: "operator", scope: "product" },
      summary: "Import the thing model of a product",
      description: "The vendor's TSL JSON, as its console exports it; it takes the place of the one before.",
      query: z.strictObject({ ifVersion }),
      body: z.record(z.string(), z.unknown()),
      response: { 200: z.object({ version: z.number().int() }) },
      async handle({ productKey, actor, body, query }) {
        const parsed = parseModel(body);
        if ("fault" in parsed)
          return serviceProblem({
            status: 400,
            code: "model_invalid",
            title: "The thing model is not valid",
            ...parsed.fault,
          });
        const nowMs = host.clock.nowMs();
        const version = await products.put(productKey, { model: body, ifVersion: query.ifVersion, nowMs });
        if (version === undefined) return changedMeanwhile();
        await told({ productKey, actor }, "model.put", { version });
        return { version };
      },
    }),
    route({
      method: "DELETE",
      path: PATH,
      access: { role: "operator", scope: "product" },
      summary: "Take the thing model of a product away",
      description: "Messages go into the uplink log as they come from then on. Last values stay, unseen.",
      query: z.strictObject({ ifVersion }),
      response: { 200: z.object({ version: z.number().int() }) },
      async handle({ productKey, actor, query }) {
        if (!(await products.find(productKey)).model) return noModel();
        const change = { model: undefined, ifVersion: query.ifVersion, nowMs: host.clock.nowMs() };
        const version = await products.put(productKey, change);
        if (version === undefined) return changedMeanwhile();
        await told({ productKey, actor }, "model.delete", { version });
        return { version };
      },
    }),
    route({
      method: "GET",
      path: `${PATH}/options`,
      access: { role: "viewer", scope: "product" },
      summary: "Show what is done with values of a product's devices",
      response: { 200: options },
      async handle({ productKey }) {
        const { validate, historyDays } = await products.find(productKey);
        return { validate, historyDays };
      },
    }),
    route({
      method: "PATCH",
      path: `${PATH}/options`,
      access: { role: "operator", scope: "product" },
      summary: "Change what is done with values of a product's devices",
      body: options
        .partial()
        .strict()
        .refine((of) => Object.keys(of).length > 0, "names nothing to change"),
      response: { 200: options },
      async handle({ productKey, actor, body }) {
        const given = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
        const changed = await products.setOptions(productKey, given, host.clock.nowMs());
        await told({ productKey, actor }, "model.options", given);
        return changed;
      },
    }),
  ];
}

function show({ model, version, changedAtMs }: ProductModel) {
  if (!model) return noModel();
  return { version, model, ...(changedAtMs === undefined ? {} : { changedAt: new Date(changedAtMs).toISOString() }) };
}

function noModel() {
  return serviceProblem({ status: 404, code: "model_not_found", title: "The product has no thing model" });
}

function changedMeanwhile() {
  return serviceProblem({
    status: 409,
    code: "version_conflict",
    title: "The thing model is of another version",
    field: "ifVersion",
  });
}
