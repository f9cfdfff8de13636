import { isRefusal } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { FastifyReply, FastifyRequest } from "fastify";
import { parseAuthBody } from "./parse-auth-body.ts";
import { REPLY_CODES } from "./reply-code.ts";
import { writeBody, writeRefusal } from "./write-reply.ts";

/** `POST /auth` (wire-format 4.1): a login for a token. */
export function createAuthRoute({ authenticator }: Platform) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (!isJson(request)) return writeRefusal(reply, REPLY_CODES.malformed);
    const attempt = parseAuthBody(request.body as Buffer, request.ip);
    const outcome = isRefusal(attempt) ? attempt : await authenticator.authenticate(attempt);
    if (isRefusal(outcome)) return writeRefusal(reply, REPLY_CODES[outcome.code]);
    writeBody(reply, `{"code":0,"message":"success","info":{"token":"${outcome.token?.text.reveal()}"}}`);
  };
}

function isJson({ headers }: FastifyRequest): boolean {
  return headers["content-type"]?.toLowerCase().startsWith("application/json") ?? false;
}
