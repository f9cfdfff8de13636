import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import { demandAccess } from "./access/demand-access.ts";
import type { AdminDeps } from "./admin-deps.ts";
import { keyMatches } from "./admin-key.ts";
import { answerBrokenRequest } from "./broken-request.ts";
import { describeRoute } from "./describe-route.ts";
import { answerFrameworkError, installProblems, ProblemError } from "./problem-reply.ts";
import { auditRoutes } from "./routes/audit.ts";
import { backupRoutes } from "./routes/backup.ts";
import { batchRoutes } from "./routes/batches.ts";
import { deviceRoutes } from "./routes/devices.ts";
import { laterRoutes } from "./routes/later.ts";
import { messageRoutes } from "./routes/messages.ts";
import { productRoutes } from "./routes/products.ts";
import { rotationRoutes } from "./routes/rotation.ts";
import { timelineRoutes } from "./routes/timeline.ts";
import { uplinkRoutes } from "./routes/uplink.ts";
import { refuseUnstorableText } from "./storable-text.ts";
import { installUnknownRoute } from "./unknown-route.ts";

const ROUTES = [
  productRoutes,
  deviceRoutes,
  rotationRoutes,
  timelineRoutes,
  batchRoutes,
  messageRoutes,
  uplinkRoutes,
  auditRoutes,
  backupRoutes,
  laterRoutes,
];

/** Builds the REST API; it does not listen yet. The OpenAPI document is made from the same schemas that check requests. */
export async function createAdminApp(deps: AdminDeps): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: deps.settings.TRINE_ADMIN_BODY_BYTES,
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
  installUnknownRoute(app);
  installProblems(app, (error) => deps.recorder.fault("admin", error));
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Trine",
        description: "Device-identity gateway: products, devices, certificates, messages.",
        version: "1",
      },
      components: { securitySchemes: { key: { type: "http", scheme: "bearer" } } },
      security: [{ key: [] }],
    },
    transform: describeRoute,
  });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: true });
  app.get("/openapi.json", { config: { access: "public" }, schema: { hide: true } }, () => app.swagger());
  app.get("/", { config: { access: "public" }, schema: { hide: true } }, (_request, reply) => reply.redirect("/docs"));

  await app.register(async (scope) => {
    const api = scope.withTypeProvider<ZodTypeProvider>();
    api.addHook("onRequest", async (request) => requireKey(request, deps));
    api.addHook("preValidation", async (request) => refuseUnstorableText(request));
    // Each in a scope of its own: a content type that one takes is none of the others'.
    for (const install of ROUTES)
      await api.register(async (own) => install(own.withTypeProvider<ZodTypeProvider>(), deps));
  });
  await app.ready();
  return app;
}

function requireKey(request: FastifyRequest, { adminKey }: AdminDeps): void {
  const [, presented] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  if (presented && keyMatches(adminKey, presented)) return;
  throw new ProblemError({
    status: 401,
    code: presented ? "key_wrong" : "key_missing",
    title: presented ? "The API key is wrong" : "An API key is needed",
    detail: "send Authorization: Bearer KEY; the key stands in admin-key in the data folder or in TRINE_ADMIN_KEY",
  });
}
