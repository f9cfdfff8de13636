import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * The cookie of a session, by whether the request came over TLS.
 *
 * With `__Host-` a browser takes it only over TLS, for this very host and for all of its paths, so that no neighbour under the same domain can
 * put one of its own in its place. Without TLS, on the loopback, a browser would not take such a cookie. Each kind of request reads its own only.
 */
function nameFor({ protocol }: FastifyRequest): string {
  return protocol === "https" ? "__Host-trine_session" : "trine_session";
}

/** The token that a request brings, if any. */
export function sessionTokenOf(request: FastifyRequest): string | undefined {
  return request.cookies[nameFor(request)];
}

/** Hands a session to a browser, until `expiresAtMs` at the latest (wall clock). No script reads it, and no other site's request brings it. */
export function setSessionCookie(reply: FastifyReply, token: string, expiresAtMs: number): void {
  const { request } = reply;
  reply.setCookie(nameFor(request), token, { ...attributesFor(request), expires: new Date(expiresAtMs) });
}

/** Takes the session away from a browser. */
export function clearSessionCookie(reply: FastifyReply): void {
  const { request } = reply;
  reply.clearCookie(nameFor(request), attributesFor(request));
}

function attributesFor({ protocol }: FastifyRequest) {
  return { httpOnly: true, sameSite: "strict", path: "/", secure: protocol === "https" } as const;
}
