import { isRefusal } from "@trine/core/auth";
import { createInTurn } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { OriginOf } from "./origin.ts";
import { readToken } from "./read-token.ts";
import { REPLY_CODES } from "./reply-code.ts";
import { writeBody, writeRefusal } from "./write-reply.ts";

const PREFIX = "/topic";

/** `POST /topic/{topic}` (wire-format 4.2): publishes one message, answered when it is durable. */
export function createTopicRoute({ sessions, uplink }: Platform, originOf: OriginOf) {
  // A device may pipeline its requests, and the uplink takes a session's messages one at a time.
  const inTurn = createInTurn();
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const topic = topicOf(request.raw.url ?? "");
    if (topic === undefined || !isOctets(request)) return writeRefusal(reply, REPLY_CODES.malformed);
    const token = readToken(request);
    const accepted = await inTurn.run(token, async () => {
      const session = await sessions.resume(token, { transport: "http", peer: originOf(request).peer });
      if (isRefusal(session)) return session;
      // There is no QoS on this wire; an answer means "stored", which is QoS 1 (wire-format 4.2).
      return uplink.accept(session, { topic, payload: request.body as Buffer, qos: 1 });
    });
    if (isRefusal(accepted))
      return writeRefusal(reply, REPLY_CODES[accepted.code], { retryAfterMs: accepted.retryAfterMs });
    // Written as text: the id does not fit a JavaScript number (wire-format 4.2).
    writeBody(reply, `{"code":0,"message":"success","info":{"messageId":${accepted.messageId}}}`);
  };
}

/** The topic of a path, with its leading slash; a query is ignored (wire-format 0.16). `undefined` when the escapes are not valid. */
function topicOf(url: string): string | undefined {
  const [path = ""] = url.split("?", 1);
  const topic = path.slice(PREFIX.length);
  if (!topic.includes("%")) return topic;
  try {
    return decodeURIComponent(topic);
  } catch {
    return undefined;
  }
}

function isOctets({ headers }: FastifyRequest): boolean {
  return headers["content-type"]?.toLowerCase().startsWith("application/octet-stream") ?? false;
}
