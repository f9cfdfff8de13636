import { isProblem } from "@trine/core/registry";
import { pageOf, pageQuery } from "@trine/services/rest";
import { z } from "zod";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { orProblem } from "../problem-reply.ts";
import { problemBody, productOfPath, productParams } from "../schema/names.ts";
import { registrationCounts, registrationName, registrationNames } from "../schema/registration.ts";

const PATH = "/v1/products/:productKey/registration/names";

/** Routes of the names that unknown devices may register themselves under. */
export function registrationRoutes(app: AdminApp, { operators: { registrationLists } }: AdminDeps): void {
  const tags = ["products"];

  app.put(
    PATH,
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Replace the names that unknown devices may register themselves under",
        description:
          "Counts where the policy says `registration: open`: from then on only these names are added, at once and on every node. One name or prefix at least; without a list every name may register.",
        params: productParams,
        body: registrationNames,
        response: { 200: registrationCounts, 400: problemBody, 404: problemBody },
      },
    },
    async (request) =>
      orProblem(await registrationLists.replace(actorOf(request), productOfPath(request.params), request.body)),
  );

  app.get(
    PATH,
    {
      config: { access: { role: "viewer", scope: "product" } },
      schema: {
        tags,
        summary: "List the names that unknown devices may register themselves under",
        description: "Empty: there is no list, and every name may.",
        params: productParams,
        querystring: pageQuery,
        response: { 200: pageOf(registrationName), 400: problemBody, 404: problemBody },
      },
    },
    async ({ params, query }) => {
      const page = orProblem(await registrationLists.list(productOfPath(params), compact(query)));
      return { ...page, items: [...page.items] };
    },
  );

  app.delete(
    PATH,
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Let every name register",
        params: productParams,
        response: { 204: z.null(), 404: problemBody },
      },
    },
    async (request, reply) => {
      const outcome = await registrationLists.remove(actorOf(request), productOfPath(request.params));
      if (isProblem(outcome)) orProblem(outcome);
      return reply.code(204).send(null);
    },
  );
}
