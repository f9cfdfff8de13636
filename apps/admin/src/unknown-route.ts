import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
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
  const answer = (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split("?")[0] ?? "";
    return sendProblem(
      ...refusal(
        known.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods),
        reply,
      ),
    );
  };
  // Before the body is read: whatever it is, there is nobody to take it.
  app.addHook("onRequest", async (request, reply) => (request.is404 ? answer(request, reply) : undefined));
  app.setNotFoundHandler(answer);
}

function refusal(methods: readonly string[], reply: FastifyReply): Parameters<typeof sendProblem> {
  if (methods.length === 0) {
    const title = "There is no such route";
    return [reply, { status: 404, code: "route_not_found", title, detail: "see /docs for those there are" }];
  }
  const allow = [...new Set(methods)].sort().join(", ");
  const title = "The route does not take this method";
  return [
    reply.header("allow", allow),
    { status: 405, code: "method_not_allowed", title, detail: `it takes ${allow}` },
  ];
}

function patternOf(url: string): RegExp {
  const parts = url
    .split("/")
    .map((part) =>
      part.startsWith(":") ? "[^/]+" : part === "*" ? ".*" : part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"),
    );
  return new RegExp(`^${parts.join("/")}$`);
}
