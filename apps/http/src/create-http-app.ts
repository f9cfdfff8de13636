import type { Platform } from "@trine/core/platform";
import type { Inbound, Ingress } from "@trine/ingress";
import Fastify from "fastify";
import { createAcknowledgeRoute } from "./acknowledge-route.ts";
import { createAuthRoute } from "./auth-route.ts";
import { createDownloadRoute } from "./download-route.ts";
import { createDropPastLease } from "./drop-past-lease.ts";
import { createFetchRoute } from "./fetch-route.ts";
import { createHandedServer } from "./handed-server.ts";
import { createOriginOf } from "./origin.ts";
import { createPolls } from "./polls.ts";
import { createRegistrationRoute } from "./registration-route.ts";
import { REPLY_CODES, UNKNOWN_REQUEST } from "./reply-code.ts";
import type { HttpSettings } from "./settings.ts";
import { createTopicRoute } from "./topic-route.ts";
import { createTransfers } from "./transfers.ts";
import { writeRefusal } from "./write-reply.ts";

const AUTH_BODY_BYTES = 4_096;

/** The HTTP adapter, without a listener. */
export interface HttpApp {
  /** Serves a connection. */
  accept(inbound: Inbound): void;
  /** Closes every connection at once. @returns how many. */
  closeAll(): number;
  /** Closes connections on which no request waits for its answer. @returns how many. */
  closeIdle(): number;
  /** Ends polls and idle connections, and finishes what was begun. */
  close(): Promise<void>;
}

/** Builds it. */
export async function createHttpApp(
  platform: Platform,
  settings: HttpSettings,
  ingress: Pick<Ingress, "isTrustedProxy">,
): Promise<HttpApp> {
  const { recorder } = platform;
  const server = createHandedServer(settings);
  const originOf = createOriginOf(server, ingress);
  const app = Fastify({
    serverFactory: server.serve,
    clientErrorHandler: server.refuse,
    bodyLimit: settings.TRINE_HTTP_PAYLOAD_BYTES,
    exposeHeadRoutes: false,
    // While it stops, a request that comes over an open connection is served all the same.
    return503OnClosing: false,
    routerOptions: { ignoreDuplicateSlashes: false, maxParamLength: 512 },
    frameworkErrors: (_error, _request, reply) => writeRefusal(reply, REPLY_CODES.malformed),
  });
  // Devices' bodies are bytes: some end in a NUL, and a published payload is the application's own affair (wire-format 0.16).
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  // Once before a body is read, and once when it has come: that may have taken longer than the lease.
  const dropPastLease = createDropPastLease(platform);
  app.addHook("onRequest", dropPastLease);
  app.addHook("preHandler", dropPastLease);
  const polls = createPolls(settings.TRINE_HTTP_POLLS);
  const transfers = createTransfers({ recorder, stallMs: settings.TRINE_HTTP_REQUEST_SECONDS * 1_000 });
  app.addHook("preClose", async () => {
    polls.stop();
    transfers.stop();
  });
  app.post("/auth", { bodyLimit: AUTH_BODY_BYTES }, createAuthRoute(platform, originOf));
  const inClear = settings.TRINE_REGISTRATION_IN_CLEAR === "on";
  app.post(
    "/auth/register/device",
    { bodyLimit: AUTH_BODY_BYTES },
    createRegistrationRoute(platform, {
      originOf,
      mayAnswer: ({ raw }) => inClear || server.inboundOf(raw).security === "tls",
    }),
  );
  app.post("/topic/*", createTopicRoute(platform, originOf));
  app.get(
    "/mailbox",
    createFetchRoute(platform, { originOf, polls, maxWaitMs: settings.TRINE_HTTP_POLL_SECONDS * 1_000 }),
  );
  app.delete("/mailbox/:messageId", createAcknowledgeRoute(platform, originOf));
  app.route({ method: ["GET", "HEAD"], url: "/download/*", handler: createDownloadRoute(platform, transfers) });
  app.setNotFoundHandler((_request, reply) => writeRefusal(reply, UNKNOWN_REQUEST));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const { statusCode = 500 } = error;
    if (statusCode >= 500) recorder.fault("http", error);
    if (statusCode === 413) recorder.dropped("http", "body_too_large");
    writeRefusal(reply, statusCode >= 500 ? REPLY_CODES.unavailable : REPLY_CODES.malformed, { close: true });
    // What is left of a body that is too large is not worth reading.
    if (statusCode === 413) reply.raw.once("finish", () => request.raw.socket.destroySoon());
  });
  await app.ready();
  return {
    accept(inbound) {
      if (!server.accept(inbound)) recorder.dropped("http", "too_many_connections");
    },
    closeAll: server.closeAll,
    closeIdle: server.closeIdle,
    async close() {
      await app.close();
      await server.close();
    },
  };
}
