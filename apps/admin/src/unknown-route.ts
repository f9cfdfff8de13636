import type { FastifyInstance } from "fastify";
import { sendProblem } from "./problem-reply.ts";

/**
 * Answers paths that do not exist with 404, and existing paths asked with another method with 405 and `Allow`.
 * Install it before the routes, since it learns them as they are added.
 */
export function installUnknownRoute(app: FastifyInstance): void {
  const known: { pattern: RegExp; methods: readonly string[] }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    known.push({ pattern: patternOf(url), methods: [method].flat().map(String) });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    const allowed = [...new Set(known.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
    if (allowed.length === 0) {
      return sendProblem(reply, {
        status: 404,
        code: "route_not_found",
        title: "There is no such route",
        detail: "see /docs for those there are",
      });
    }
    const allow = allowed.sort().join(", ");
    return sendProblem(reply.header("allow", allow), {
      status: 405,
      code: "method_not_allowed",
      title: "The route does not take this method",
      detail: `it takes ${allow}`,
    });
  });
}

function patternOf(url: string): RegExp {
  const parts = url
    .split("/")
    .map((part) =>
      part.startsWith(":") ? "[^/]+" : part === "*" ? ".*" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    );
  return new RegExp(`^${parts.join("/")}$`);
}
