import type { Platform } from "@trine/core/platform";
import type { FastifyReply, FastifyRequest } from "fastify";

/** A hook that ends the connection of a request, without an answer, while this node may not serve (it may have missed a revocation). */
export function createDropPastLease({ mayServe, recorder }: Pick<Platform, "mayServe" | "recorder">) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (mayServe()) return;
    recorder.dropped("http", "past_lease");
    dropUnanswered(request, reply);
  };
}

/** Ends the connection. What is left on it stays unread. */
export function dropUnanswered(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.destroy();
}
