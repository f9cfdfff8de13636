import { findUnstorable } from "@trine/core/messaging";
import type { FastifyRequest } from "fastify";
import { ProblemError } from "./problem-reply.ts";

/**
 * Refuses a request that holds a text which no store could give back. Here for all routes at once, so that none can forget it.
 *
 * @throws ProblemError that names the field.
 */
export function refuseUnstorableText({
  body,
  params,
  query,
  headers,
}: Pick<FastifyRequest, "body" | "params" | "query" | "headers">): void {
  const parts = { body, path: params, query, "Idempotency-Key": headers["idempotency-key"] };
  for (const [part, value] of Object.entries(parts)) {
    const names = findUnstorable(value);
    if (names) throw unstorable(names.join(".") || part);
  }
}

function unstorable(field: string): ProblemError {
  return new ProblemError({
    status: 400,
    code: "invalid",
    title: "The request is not valid",
    detail: `${field}: holds a NUL character or half of a surrogate pair`,
    field,
  });
}
