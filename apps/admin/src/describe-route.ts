import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { z } from "zod";
import type { RouteAccess } from "./access/route-access.ts";
import { problemBody } from "./schema/names.ts";

type Describe = typeof jsonSchemaTransform;

/**
 * Describes a route in the OpenAPI document from the schemas that check it, and who may use it by what guards it; every error is problem
 * details, whatever its status.
 */
export const describeRoute: Describe = (route) => {
  const { schema, url } = jsonSchemaTransform(route);
  const { response, description, ...rest } = (schema ?? {}) as RouteSchema;
  if (!schema || rest.hide || !response) return { schema, url };
  const answers = Object.entries(response).map(([status, body]) => [status, Number(status) < 400 ? body : PROBLEM]);
  const access = accessOf(route);
  return {
    schema: {
      ...rest,
      description: [description, access].filter(Boolean).join(" "),
      response: { ...Object.fromEntries(answers), default: PROBLEM },
    },
    url,
  };
};

interface RouteSchema {
  readonly response?: Readonly<Record<string, object>>;
  readonly description?: string;
  readonly hide?: boolean;
}

const REACH = {
  product: "A key that is limited to products reaches its own.",
  batch: "A key that is limited to products reaches batches of its own.",
  listed: "A key that is limited to products sees what is of its own.",
  fleet: "Not for keys that are limited to products.",
} as const satisfies Record<RouteAccess["scope"], string>;

function accessOf({ route }: Parameters<Describe>[0]): string {
  const access = route?.config?.access;
  return !access || access === "public" ? "" : `Needs the role ${access.role}. ${REACH[access.scope]}`;
}

const { $schema: _, ...problemSchema } = z.toJSONSchema(problemBody, { io: "output" });
const PROBLEM = {
  description: "Problem details (RFC 9457).",
  content: { "application/problem+json": { schema: problemSchema } },
};
