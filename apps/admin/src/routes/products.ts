import { isProblem } from "@trine/core/registry";
import { pageOf, pageQuery } from "@trine/services/rest";
import { z } from "zod";
import { visibleProducts } from "../access/caller.ts";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { invalidField, orProblem } from "../problem-reply.ts";
import { problemBody, productOfPath, productParams } from "../schema/names.ts";
import {
  changedProduct,
  changedTopics,
  createdProduct,
  newProduct,
  productBody,
  productChange,
  showProduct,
  topicClasses,
} from "../schema/products.ts";

/** Routes of products and their topic classes. */
export function productRoutes(app: AdminApp, { operators: { products }, services }: AdminDeps): void {
  const tags = ["products"];

  app.post(
    "/v1/products",
    {
      config: { access: { role: "operator", scope: "fleet" } },
      schema: {
        tags,
        summary: "Create a product",
        body: newProduct,
        response: { 201: createdProduct, 400: problemBody, 409: problemBody },
      },
    },
    async (request, reply) => {
      const { name, nodeType, secretMode, policy } = request.body;
      const made = orProblem(
        await products.create(actorOf(request), {
          name,
          nodeType,
          secretMode,
          ...(policy ? { policy: compact(policy) } : {}),
        }),
      );
      return reply.code(201).send({ ...showProduct(made.product), productSecret: made.productSecret.reveal() });
    },
  );

  app.get(
    "/v1/products",
    {
      config: { access: { role: "viewer", scope: "listed" } },
      schema: { tags, summary: "List products", querystring: pageQuery, response: { 200: pageOf(productBody) } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const page = orProblem(await products.list(compact({ limit, cursor, only: visibleProducts(request) })));
      return { ...page, items: page.items.map(showProduct) };
    },
  );

  app.get(
    "/v1/products/:productKey",
    {
      config: { access: { role: "viewer", scope: "product" } },
      schema: {
        tags,
        summary: "Show a product",
        params: productParams,
        response: { 200: productBody, 404: problemBody },
      },
    },
    async ({ params }) => showProduct(orProblem(await products.find(productOfPath(params)))),
  );

  app.patch(
    "/v1/products/:productKey",
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Change a product",
        description:
          "A policy replaces the one before; it holds on every node when this answers. One that differs closes the connections of the product's devices and voids their tokens: they log in again.",
        params: productParams,
        body: productChange,
        response: { 200: changedProduct, 400: problemBody, 404: problemBody },
      },
    },
    async (request) => {
      const { policy, ...rest } = request.body;
      checkSwitches(services, rest.services ?? {});
      const change = { ...compact(rest), ...(policy ? { policy: compact(policy) } : {}) };
      const { product, ...revoked } = orProblem(
        await products.update(actorOf(request), productOfPath(request.params), change),
      );
      return { ...showProduct(product), ...revoked };
    },
  );

  app.delete(
    "/v1/products/:productKey",
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Delete a product without devices",
        params: productParams,
        response: { 204: z.null(), 404: problemBody, 409: problemBody },
      },
    },
    async (request, reply) => {
      const outcome = await products.remove(actorOf(request), productOfPath(request.params));
      if (isProblem(outcome)) orProblem(outcome);
      return reply.code(204).send(null);
    },
  );

  app.get(
    "/v1/products/:productKey/topics",
    {
      config: { access: { role: "viewer", scope: "product" } },
      schema: {
        tags,
        summary: "List topic classes",
        params: productParams,
        response: { 200: topicClasses, 404: problemBody },
      },
    },
    async ({ params }) => ({ topics: [...orProblem(await products.find(productOfPath(params))).topicClasses] }),
  );

  app.put(
    "/v1/products/:productKey/topics",
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Replace the topic classes",
        description: "Classes that differ close the connections of the product's devices on every node.",
        params: productParams,
        body: topicClasses,
        response: { 200: changedTopics, 400: problemBody, 404: problemBody },
      },
    },
    async (request) => {
      const { product, ...revoked } = orProblem(
        await products.setTopics(actorOf(request), productOfPath(request.params), request.body.topics),
      );
      return { topics: [...product.topicClasses], ...revoked };
    },
  );
}

/** @throws ProblemError that names a switch which no service has. */
function checkSwitches({ switches }: AdminDeps["services"], wanted: Readonly<Record<string, boolean>>): void {
  const unknown = Object.keys(wanted).find((name) => !switches.some((known) => known.name === name));
  if (unknown !== undefined)
    throw invalidField(`services.${unknown}`, "there is no such device service; GET /v1/services lists them");
}
