import { randomUUID } from "node:crypto";
import helmet from "@fastify/helmet";
import type { FastifyInstance } from "fastify";

/** Two years; only said over TLS, where a browser heeds it. */
const HSTS = `max-age=${2 * 365 * 86_400}`;

/**
 * What every answer tells a browser: to run nothing that did not come from here as a file, to be framed by nobody, to guess no types, to tell
 * nobody where it came from. There is no CORS: no other origin reads an answer. Nothing is kept in a cache unless a route says so.
 *
 * Install it before everything that answers, since its hooks run in order.
 */
export async function installSecurityHeaders(app: FastifyInstance): Promise<void> {
  app.addHook("onRequest", async (request, reply) => {
    reply.raw.setHeader("x-request-id", request.id);
    reply.raw.setHeader("cache-control", "no-store");
    if (request.protocol === "https") reply.raw.setHeader("strict-transport-security", HSTS);
  });
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        // The browser of the API and component libraries set styles on elements. A style runs nothing.
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
      },
    },
    strictTransportSecurity: false,
    referrerPolicy: { policy: "no-referrer" },
    xFrameOptions: { action: "deny" },
  });
}

/** Names a request in its answer and in the log of faults. Never taken from the client: it goes into the log. */
export function drawRequestId(): string {
  return randomUUID();
}
