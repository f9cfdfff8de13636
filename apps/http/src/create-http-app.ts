import type { Platform } from "@trine/core/platform";
import Fastify, { type FastifyInstance } from "fastify";
import { createAcknowledgeRoute } from "./acknowledge-route.ts";
import { createAuthRoute } from "./auth-route.ts";
import { createDropPastLease } from "./drop-past-lease.ts";
import { createFetchRoute } from "./fetch-route.ts";
import { createPolls } from "./polls.ts";
import { REPLY_CODES, UNKNOWN_REQUEST } from "./reply-code.ts";
import type { HttpSettings } from "./settings.ts";
import { createTopicRoute } from "./topic-route.ts";
import { writeRefusal } from "./write-reply.ts";

const AUTH_BODY_BYTES = 4_096;
const HEAD_BYTES = 8_192;
const LOOK_FOR_LATE_MS = 1_000;

/** Builds the HTTP adapter; it does not listen yet. */
export function createHttpApp(platform: Platform, settings: HttpSettings): FastifyInstance {
  const app = Fastify({
    bodyLimit: settings.TRINE_HTTP_PAYLOAD_BYTES,
    requestTimeout: settings.TRINE_HTTP_REQUEST_SECONDS * 1_000,
    keepAliveTimeout: settings.TRINE_HTTP_IDLE_SECONDS * 1_000,
    http: {
      maxHeaderSize: HEAD_BYTES,
      headersTimeout: settings.TRINE_HTTP_REQUEST_SECONDS * 1_000,
      // Node looks for requests that are late only this often, by default every 30 s.
      connectionsCheckingInterval: LOOK_FOR_LATE_MS,
    },
    trustProxy: settings.TRINE_TRUSTED_PROXIES?.split(",").map((address) => address.trim()) ?? false,
    exposeHeadRoutes: false,
    // While it stops, a request that comes over an open connection is served all the same.
    return503OnClosing: false,
    routerOptions: { ignoreDuplicateSlashes: false, maxParamLength: 512 },
    frameworkErrors: (_error, _request, reply) => writeRefusal(reply, REPLY_CODES.malformed),
  });
  app.server.maxConnections = settings.TRINE_HTTP_CONNECTIONS;
  // Devices' bodies are bytes: some end in a NUL, and a published payload is the application's own affair (wire-format 0.16).
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  // Once before a body is read, and once when it has come: that may have taken longer than the lease.
  const dropPastLease = createDropPastLease(platform);
  app.addHook("onRequest", dropPastLease);
  app.addHook("preHandler", dropPastLease);
  const polls = createPolls(settings.TRINE_HTTP_POLLS);
  app.addHook("preClose", async () => polls.stop());
  app.post("/auth", { bodyLimit: AUTH_BODY_BYTES }, createAuthRoute(platform));
  app.post("/topic/*", createTopicRoute(platform));
  app.get("/mailbox", createFetchRoute(platform, { polls, maxWaitMs: settings.TRINE_HTTP_POLL_SECONDS * 1_000 }));
  app.delete("/mailbox/:messageId", createAcknowledgeRoute(platform));
  app.setNotFoundHandler((_request, reply) => writeRefusal(reply, UNKNOWN_REQUEST));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 500) platform.recorder.fault("http", error);
    if (statusCode === 413) platform.recorder.dropped("http", "body_too_large");
    writeRefusal(reply, statusCode >= 500 ? REPLY_CODES.unavailable : REPLY_CODES.malformed, { close: true });
    // What is left of a body that is too large is not worth reading.
    if (statusCode === 413) reply.raw.once("finish", () => request.raw.socket.destroySoon());
  });
  return app;
}
