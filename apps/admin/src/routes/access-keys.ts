import { isProblem } from "@trine/core/registry";
import { pageOf, pageQuery } from "@trine/services/rest";
import { z } from "zod";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { orProblem } from "../problem-reply.ts";
import { accessKeyBody, accessKeyParams, issuedAccessKey, newAccessKey, showAccessKey } from "../schema/access-keys.ts";
import { grantOf } from "../schema/api-keys.ts";
import { problemBody } from "../schema/names.ts";

const tags = ["keys"];
/** A limited key makes no others, or its limit would be none. */
const config = { access: { role: "admin", scope: "fleet" } } as const;

/** Routes of the keys that sign requests of the vendor's cloud API (wire-format 9.1). */
export function accessKeyRoutes(app: AdminApp, { operators: { accessKeys } }: AdminDeps): void {
  app.post(
    "/v1/access-keys",
    {
      config,
      schema: {
        tags,
        summary: "Make an access key",
        description:
          "For applications that sign their requests, as those of the vendor's cloud do. The secret is answered here and never again: it is stored encrypted, since signatures are checked with it.",
        body: newAccessKey,
        response: { 201: issuedAccessKey, 400: problemBody },
      },
    },
    async (request, reply) => {
      const { key, secret } = orProblem(await accessKeys.create(actorOf(request), grantOf(request.body)));
      return reply.code(201).send({ ...showAccessKey(key), accessKeySecret: secret.reveal() });
    },
  );

  app.get(
    "/v1/access-keys",
    {
      config,
      schema: {
        tags,
        summary: "List access keys, newest first",
        querystring: pageQuery,
        response: { 200: pageOf(accessKeyBody), 400: problemBody },
      },
    },
    async ({ query }) => {
      const page = orProblem(await accessKeys.list(compact(query)));
      return { ...page, items: page.items.map(showAccessKey) };
    },
  );

  app.delete(
    "/v1/access-keys/:accessKeyId",
    {
      config,
      schema: {
        tags,
        summary: "Revoke an access key for good",
        description: "Refused from the next request on, in every process.",
        params: accessKeyParams,
        response: { 204: z.null(), 404: problemBody },
      },
    },
    async (request, reply) => {
      const outcome = await accessKeys.revoke(actorOf(request), request.params.accessKeyId);
      if (isProblem(outcome)) orProblem(outcome);
      return reply.code(204).send(null);
    },
  );
}
