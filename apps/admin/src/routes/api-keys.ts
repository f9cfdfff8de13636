import type { IssuedApiKey } from "@trine/core/access";
import { pageOf, pageQuery } from "@trine/services/rest";
import { z } from "zod";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { orProblem } from "../problem-reply.ts";
import {
  apiKeyBody,
  grantOf,
  issuedApiKey,
  keyParams,
  keyRotation,
  newApiKey,
  showApiKey,
} from "../schema/api-keys.ts";
import { problemBody } from "../schema/names.ts";

const tags = ["keys"];
const missing = { 404: problemBody } as const;
/** A limited key makes no others, or its limit would be none. */
const config = { access: { role: "admin", scope: "fleet" } } as const;

/** Routes of the keys that open this API. */
export function apiKeyRoutes(app: AdminApp, { operators: { apiKeys } }: AdminDeps): void {
  app.post(
    "/v1/api-keys",
    {
      config,
      schema: {
        tags,
        summary: "Make an API key",
        description: "The key is answered here and never again: what is stored is its digest.",
        body: newApiKey,
        response: { 201: issuedApiKey, 400: problemBody },
      },
    },
    async (request, reply) => {
      const issued = orProblem(await apiKeys.create(actorOf(request), grantOf(request.body)));
      return reply.code(201).send(showIssued(issued));
    },
  );

  app.get(
    "/v1/api-keys",
    {
      config,
      schema: {
        tags,
        summary: "List API keys, newest first",
        description: "The key that is set at the start (`TRINE_ADMIN_KEY`) is not among them.",
        querystring: pageQuery,
        response: { 200: pageOf(apiKeyBody), 400: problemBody },
      },
    },
    async ({ query }) => {
      const page = orProblem(await apiKeys.list(compact(query)));
      return { ...page, items: page.items.map(showApiKey) };
    },
  );

  app.get(
    "/v1/api-keys/:keyId",
    {
      config,
      schema: { tags, summary: "Show an API key", params: keyParams, response: { 200: apiKeyBody, ...missing } },
    },
    async ({ params }) => showApiKey(orProblem(await apiKeys.find(params.keyId))),
  );

  app.post(
    "/v1/api-keys/:keyId/rotate",
    {
      config,
      schema: {
        tags,
        summary: "Rotate an API key",
        description:
          "Makes a new key with the same id and rights. The one before works until the grace ends; one before that is dead.",
        params: keyParams,
        body: keyRotation,
        response: { 200: issuedApiKey, 400: problemBody, ...missing },
      },
    },
    async (request) =>
      showIssued(orProblem(await apiKeys.rotate(actorOf(request), request.params.keyId, compact(request.body ?? {})))),
  );

  app.delete(
    "/v1/api-keys/:keyId",
    {
      config,
      schema: {
        tags,
        summary: "Revoke an API key for good",
        description:
          "Refused from the next request on, in every process; streams and waiting reads end within 2 s. Its sessions end.",
        params: keyParams,
        response: { 200: z.object({ closedSessions: z.int() }), ...missing },
      },
    },
    async (request) => orProblem(await apiKeys.revoke(actorOf(request), request.params.keyId)),
  );
}

function showIssued({ key, text }: IssuedApiKey) {
  return { ...showApiKey(key), key: text.reveal() };
}
