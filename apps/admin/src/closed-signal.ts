import type { FastifyReply } from "fastify";

/** Aborts when the client is gone. It listens to the answer, which goes with the request; the socket stays for the next one. */
export function closedSignal({ raw }: FastifyReply): AbortSignal {
  const closed = new AbortController();
  raw.once("close", () => closed.abort());
  if (raw.destroyed) closed.abort();
  return closed.signal;
}
