import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import cookie from "@fastify/cookie";
import swagger, { type FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { createSignInDelays } from "@trine/core/access";
import { parseTrustedProxies } from "@trine/runtime";
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { AdminTls } from "./access/admin-tls.ts";
import { createGate } from "./access/admit.ts";
import { demandAccess } from "./access/demand-access.ts";
import { guardRoutes } from "./access/guard-routes.ts";
import { createKeyring } from "./access/keyring.ts";
import { createRefusalAudit } from "./access/refusal-audit.ts";
import { drawRequestId, installSecurityHeaders } from "./access/security-headers.ts";
import { createWrongKeys } from "./access/wrong-keys.ts";
import type { AdminDeps } from "./admin-deps.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import { createCloudApi } from "./cloud-api/cloud-api.ts";
import { cloudApiRoutes } from "./cloud-api/cloud-api-routes.ts";
import { describeRoute } from "./describe-route.ts";
import { answerFrameworkError, installProblems } from "./problem-reply.ts";
import { accessKeyRoutes } from "./routes/access-keys.ts";
import { apiKeyRoutes } from "./routes/api-keys.ts";
import { auditRoutes } from "./routes/audit.ts";
import { backupRoutes } from "./routes/backup.ts";
import { batchRoutes } from "./routes/batches.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { keyRoutes } from "./routes/keys.ts";
import { laterRoutes } from "./routes/later.ts";
import { messageRoutes } from "./routes/messages.ts";
import { packageRoutes } from "./routes/packages.ts";
import { productRoutes } from "./routes/products.ts";
import { registrationRoutes } from "./routes/registration.ts";
import { rotationRoutes } from "./routes/rotation.ts";
import { serviceRoutes } from "./routes/services.ts";
import { sessionRoutes } from "./routes/session.ts";
import { timelineRoutes } from "./routes/timeline.ts";
import { uplinkRoutes } from "./routes/uplink.ts";
import { uplinkStreamRoutes } from "./routes/uplink-stream.ts";
import { x509AuthorityRoutes } from "./routes/x509-authorities.ts";
import { x509CertificateRoutes } from "./routes/x509-certificates.ts";
import { refuseUnstorableText } from "./storable-text.ts";
import { installUnknownRoute } from "./unknown-route.ts";

const ROUTES = [
  productRoutes,
  deviceRoutes,
  registrationRoutes,
  rotationRoutes,
  x509CertificateRoutes,
  x509AuthorityRoutes,
  timelineRoutes,
  batchRoutes,
  packageRoutes,
  messageRoutes,
  uplinkRoutes,
  uplinkStreamRoutes,
  auditRoutes,
  backupRoutes,
  keyRoutes,
  apiKeyRoutes,
  accessKeyRoutes,
  sessionRoutes,
  laterRoutes,
  serviceRoutes,
];

/** A request that has not come in whole by then is given up. A file of a large batch takes its time. */
const REQUEST_WITHIN_MS = 120_000;

/** A connection on which nothing moves for so long is cut: who does not read a download, say. No route keeps its caller waiting as long. */
const SILENT_MS = 300_000;

/** Further ones are closed: in a process that serves devices too, they must not take the descriptors of these. */
const MAX_CONNECTIONS = 4_096;

const CLOCK = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Builds the REST API; it does not listen yet. The OpenAPI document is made from the same schemas that check requests. */
export async function createAdminApp(deps: AdminDeps, tls?: AdminTls): Promise<FastifyInstance> {
  const { settings, operators } = deps;
  const app = Fastify({
    serverFactory: (handler) => {
      const server = tls ? createTlsServer(tls.options, handler) : createServer(handler);
      const limits = { requestTimeout: REQUEST_WITHIN_MS, timeout: SILENT_MS, maxConnections: MAX_CONNECTIONS };
      return Object.assign(server, limits);
    },
    trustProxy: parseTrustedProxies(settings.TRINE_TRUSTED_PROXIES),
    bodyLimit: settings.TRINE_ADMIN_BODY_BYTES,
    genReqId: drawRequestId,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerBrokenRequest,
  });
  // Every route says what it takes; what a parser lets in beyond that would only meet its schema as a mere text.
  app.removeContentTypeParser("text/plain");
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  demandAccess(app, "/docs");
  await installSecurityHeaders(app);
  installUnknownRoute(app);
  const onFault = (cause: unknown, requestId: string) =>
    deps.recorder.fault("admin", new Error(`request ${requestId} failed`, { cause }));
  installProblems(app, onFault);
  await app.register(cookie);
  await app.register(swagger, { openapi: OPENAPI, transform: describeRoute });
  const delays = createSignInDelays({ clock: CLOCK });
  const noteWrong = createWrongKeys({ delays, audit: operators.audit });
  const gate = createGate({ keyring: createKeyring(operators, deps.adminKey), operators, delays, noteWrong });
  const refusals = createRefusalAudit(operators);
  guardRoutes(app, { gate, operators, refusals });
  await app.register(swaggerUi, { routePrefix: "/docs" });
  app.get("/openapi.json", { config: { access: "public" }, schema: { hide: true } }, () => app.swagger());
  await app.register(async (scope) =>
    cloudApiRoutes(scope, {
      api: createCloudApi({ operators, delays, noteWrong, refusals, clock: CLOCK }),
      home: (_request, reply) => reply.redirect("/docs"),
      onFault,
    }),
  );

  await app.register(async (scope) => {
    scope.addHook("preValidation", async (request) => refuseUnstorableText(request));
    // Each in a scope of its own: a content type that one takes is none of the others'.
    for (const install of ROUTES)
      await scope.register(async (own) => install(own.withTypeProvider<ZodTypeProvider>(), { ...deps, gate }));
  });
  await app.ready();
  return app;
}

const OPENAPI = {
  openapi: "3.1.0",
  info: {
    title: "Trine",
    description:
      "Device-identity gateway: products, devices, certificates, messages. Programs send an API key; a browser signs in with one and gets a cookie.",
    version: "1",
  },
  components: {
    securitySchemes: {
      key: { type: "http", scheme: "bearer", description: "An API key." },
      session: {
        type: "apiKey",
        in: "cookie",
        name: "trine_session",
        description:
          "From `POST /v1/session`; over TLS it is called `__Host-trine_session`. Requests that change something repeat its `csrfToken` in the header `X-CSRF-Token`.",
      },
    },
  },
  security: [{ key: [] }, { session: [] }],
} satisfies FastifyDynamicSwaggerOptions["openapi"];
