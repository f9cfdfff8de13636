import type { FastifyRequest } from "fastify";
import { ProblemError } from "./problem-reply.ts";

/** A value within a request, and how it was reached: joined to a path only when it is wrong. */
interface Visit {
  readonly value: unknown;
  readonly name: string;
  readonly above: Visit | undefined;
}

/**
 * Refuses a request that holds a text which no store could give back: a NUL character (PostgreSQL takes none) or half of a surrogate
 * pair (UTF-8 has none). Here for all routes at once, so that none can forget it.
 *
 * @throws ProblemError that names the field.
 */
export function refuseUnstorableText({
  body,
  params,
  query,
  headers,
}: Pick<FastifyRequest, "body" | "params" | "query" | "headers">): void {
  const parts = [
    { value: body, name: "body" },
    { value: params, name: "path" },
    { value: query, name: "query" },
    { value: headers["idempotency-key"], name: "Idempotency-Key" },
  ];
  for (const part of parts) {
    const wrong = findUnstorable({ ...part, above: undefined });
    if (wrong) throw unstorable(fieldOf(wrong));
  }
}

// Not recursive: a body may be nested deeper than the stack.
function findUnstorable(root: Visit): Visit | undefined {
  const waiting = [root];
  for (let visit = waiting.pop(); visit; visit = waiting.pop()) {
    const { value } = visit;
    if (typeof value === "string" && !isStorable(value)) return visit;
    if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) continue;
    for (const [name, inner] of Object.entries(value)) {
      if (!isStorable(name)) return visit;
      waiting.push({ value: inner, name, above: visit });
    }
  }
  return undefined;
}

function isStorable(text: string): boolean {
  return !text.includes("\0") && !/\p{Surrogate}/u.test(text);
}

function fieldOf(visit: Visit): string {
  const names: string[] = [];
  for (let at: Visit | undefined = visit; at?.above; at = at.above) names.unshift(at.name);
  return names.join(".") || visit.name;
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
