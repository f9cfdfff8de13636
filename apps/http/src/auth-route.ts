import { isRefusal, isX509Attempt, type Session } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { OriginOf } from "./origin.ts";
import { parseAuthBody } from "./parse-auth-body.ts";
import { REPLY_CODES } from "./reply-code.ts";
import { writeBody, writeRefusal } from "./write-reply.ts";

/** `POST /auth` (wire-format 4.1): a login for a token. */
export function createAuthRoute({ authenticator }: Platform, originOf: OriginOf) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (!isJson(request)) return writeRefusal(reply, REPLY_CODES.malformed);
    const attempt = parseAuthBody(request.body as Buffer, originOf(request));
    if (isRefusal(attempt)) return writeRefusal(reply, REPLY_CODES[attempt.code]);
    const session = await authenticator.authenticate({ ...attempt, isGone: () => request.raw.socket.destroyed });
    if (isRefusal(session))
      return writeRefusal(reply, REPLY_CODES[session.code], { retryAfterMs: session.retryAfterMs });
    const info = { token: session.token?.text.reveal(), ...(isX509Attempt(attempt) && namesOf(session)) };
    writeBody(reply, JSON.stringify({ code: 0, message: "success", info }));
  };
}

/** A device that is known by its certificate may know its names from nowhere else. */
function namesOf({ device: { productKey, deviceName } }: Session) {
  return { productKey, deviceName };
}

function isJson({ headers }: FastifyRequest): boolean {
  return headers["content-type"]?.toLowerCase().startsWith("application/json") ?? false;
}
