import { isRefusal } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { OriginOf } from "./origin.ts";
import { readToken } from "./read-token.ts";
import { REPLY_CODES } from "./reply-code.ts";
import { writeBody, writeRefusal } from "./write-reply.ts";

/**
 * `DELETE /mailbox/{messageId}`: the device has the message. One that does not wait (any more) is a success as well: a device that did
 * not read the first answer asks again, and there is nothing that it could do about another one.
 */
export function createAcknowledgeRoute({ sessions, inbox }: Platform, originOf: OriginOf) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { messageId } = request.params as { messageId: string };
    if (!/^\d{1,20}$/.test(messageId)) return writeRefusal(reply, REPLY_CODES.malformed);
    const session = await sessions.resume(readToken(request), { transport: "http", peer: originOf(request).peer });
    const outcome = isRefusal(session) ? session : await inbox.acknowledge(session, messageId);
    if (isRefusal(outcome)) return writeRefusal(reply, REPLY_CODES[outcome.code]);
    writeBody(reply, '{"code":0,"message":"success"}');
  };
}
