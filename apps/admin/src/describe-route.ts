import { jsonSchemaTransform } from "fastify-type-provider-zod";
import { z } from "zod";
import { problemBody } from "./schema/names.ts";

type Describe = typeof jsonSchemaTransform;

/** Describes a route in the OpenAPI document from the schemas that check it; every error is problem details, whatever its status. */
export const describeRoute: Describe = (route) => {
  const { schema, url } = jsonSchemaTransform(route);
  const { response, ...rest } = (schema ?? {}) as { response?: Readonly<Record<string, object>>; hide?: boolean };
  if (!schema || rest.hide || !response) return { schema, url };
  const answers = Object.entries(response).map(([status, body]) => [status, Number(status) < 400 ? body : PROBLEM]);
  return { schema: { ...rest, response: { ...Object.fromEntries(answers), default: PROBLEM } }, url };
};

const { $schema: _, ...problemSchema } = z.toJSONSchema(problemBody, { io: "output" });
const PROBLEM = {
  description: "Problem details (RFC 9457).",
  content: { "application/problem+json": { schema: problemSchema } },
};
