import { ROLES } from "@trine/core/access";
import { instant } from "@trine/services/rest";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Gate } from "../access/admit.ts";
import { actorName, type Caller, callerOf } from "../access/caller.ts";
import { checkOrigin, csrfTokenOf } from "../access/check-origin.ts";
import { peerOf } from "../access/peer-of.ts";
import { clearSessionCookie, sessionTokenOf, setSessionCookie } from "../access/session-cookie.ts";
import type { AdminApp, AdminDeps } from "../admin-deps.ts";
import { notFound } from "../problem-reply.ts";
import { problemBody } from "../schema/names.ts";

const tags = ["session"];
/** About its caller only. */
const own = { access: { role: "viewer", scope: "listed" } } as const;

const whoBody = z.object({
  keyId: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  products: z.array(z.string()).nullable().describe("Null: every product."),
  session: z
    .object({
      csrfToken: z.string().describe("Repeat it in the header `X-CSRF-Token` of every request that changes something."),
      expiresAt: instant.describe("When it ends at the latest; an hour without a request ends it earlier."),
    })
    .nullable()
    .describe("Null: the request came with a key."),
});

/** Routes of sessions: a browser shows a key once and gets a cookie for it. */
export function sessionRoutes(app: AdminApp, { operators, gate }: AdminDeps & { readonly gate: Gate }): void {
  const { operatorSessions, audit } = operators;

  const record = (request: FastifyRequest, { keyId, name }: Pick<Caller, "keyId" | "name">, action: string) =>
    audit.record({
      atMs: Date.now(),
      actor: actorName({ keyId, name }),
      action,
      target: keyId,
      detail: {},
      peer: peerOf(request),
    });

  app.post(
    "/v1/session",
    {
      config: { access: "public" },
      bodyLimit: 4_096,
      schema: {
        tags,
        security: [],
        summary: "Sign in with an API key",
        description:
          "Answers a cookie that no script can read, for an hour without a request and twelve at the most. It may do what the key may, and ends with it.",
        body: z.strictObject({ key: z.string().min(1).max(1_024) }),
        response: { 201: whoBody, 400: problemBody, 401: problemBody, 403: problemBody, 429: problemBody },
      },
    },
    async (request, reply) => {
      checkOrigin(request);
      const { holder, digest } = await gate.checkKey(request.body.key, peerOf(request));
      await record(request, holder, "session.open");
      // A new token at every sign-in, and an end to what the browser had: so nobody can put a session of theirs under it.
      const before = sessionTokenOf(request);
      if (before !== undefined) await operatorSessions.close(before);
      const token = (await operatorSessions.open(holder, digest, peerOf(request))).reveal();
      const session = await operatorSessions.resume(token);
      if (!session) throw new Error("a session that was opened now is over");
      const { expiresAtMs } = session;
      setSessionCookie(reply, token, expiresAtMs);
      return reply.code(201).send(show({ ...holder, session: { csrfToken: csrfTokenOf(token), expiresAtMs } }));
    },
  );

  app.get(
    "/v1/session",
    {
      config: own,
      schema: {
        tags,
        summary: "Who am I?",
        description: "The key that the request came with, or that opened its session, and what it may do.",
        response: { 200: whoBody },
      },
    },
    async (request) => show(callerOf(request)),
  );

  app.delete(
    "/v1/session",
    {
      config: own,
      schema: {
        tags,
        summary: "Sign out",
        description: "`?all=true` ends every session of the key. To end those of another key, revoke or rotate it.",
        querystring: z.strictObject({ all: z.enum(["true", "false"]).default("false") }),
        response: { 200: z.object({ closedSessions: z.int() }), 404: problemBody },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request);
      const all = request.query.all === "true";
      if (!all && !caller.session)
        throw notFound("session_not_found", "The request came with a key: it has no session");
      await record(request, caller, "session.close");
      if (caller.session) clearSessionCookie(reply);
      if (all) return { closedSessions: await operatorSessions.closeAll(caller.keyId) };
      return { closedSessions: Number(await operatorSessions.close(caller.session?.token ?? "")) };
    },
  );
}

type Who = Pick<Caller, "keyId" | "name" | "role" | "products"> & {
  readonly session?: { readonly csrfToken: string; readonly expiresAtMs: number };
};

function show({ keyId, name, role, products, session }: Who): z.output<typeof whoBody> {
  return {
    keyId,
    name,
    role,
    products: products ? [...products] : null,
    session: session ? { csrfToken: session.csrfToken, expiresAt: new Date(session.expiresAtMs).toISOString() } : null,
  };
}
