import { createHmac } from "node:crypto";
import { macMatches } from "@trine/core/certificate";
import type { FastifyRequest } from "fastify";
import { ProblemError } from "../problem-reply.ts";

const SAFE = new Set(["GET", "HEAD"]);

/** The header that repeats the CSRF token of a session. */
export const CSRF_HEADER = "x-csrf-token";

/** The token that requests of a session have to repeat: only who may read answers of this origin knows it. Nothing is stored for it. */
export function csrfTokenOf(sessionToken: string): string {
  return createHmac("sha256", sessionToken).update("csrf").digest("base64url");
}

/**
 * Refuses a request that another site makes a browser send. It must not come from a page of another origin, and one that changes something
 * has to repeat the token besides.
 *
 * The cookie is `SameSite=Strict`; but a page of another host under the same domain counts as the same site, and old browsers know neither.
 *
 * @throws ProblemError 403.
 */
export function checkForgery(request: FastifyRequest, csrfToken: string): void {
  checkOrigin(request);
  if (SAFE.has(request.method)) return;
  const given = request.headers[CSRF_HEADER];
  if (typeof given === "string" && macMatches(Buffer.from(csrfToken), Buffer.from(given))) return;
  throw new ProblemError({
    status: 403,
    code: "csrf_token_wrong",
    title: "The CSRF token is missing or wrong",
    detail: `send the header ${CSRF_HEADER} with the csrfToken of GET /v1/session`,
  });
}

/**
 * Refuses what a browser says comes from elsewhere. `none` is a person who typed the address, and no page can claim it.
 *
 * @throws ProblemError 403.
 */
export function checkOrigin({ headers, host, method }: FastifyRequest): void {
  const site = headers["sec-fetch-site"];
  const isForeign =
    site === undefined
      ? hostOf(headers.origin, host) !== host
      : site !== "same-origin" && !(site === "none" && SAFE.has(method));
  if (!isForeign) return;
  throw new ProblemError({
    status: 403,
    code: "origin_foreign",
    title: "The request comes from another site",
    detail: "a session serves pages of this address only; programs use Authorization: Bearer KEY",
  });
}

/** The host of an origin: a page behind a proxy that ends TLS has another scheme than what arrives here. No origin at all is no browser. */
function hostOf(origin: string | undefined, own: string): string | undefined {
  if (origin === undefined) return own;
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
