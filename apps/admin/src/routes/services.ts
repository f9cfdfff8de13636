import type { DeviceRef, ProductKey } from "@trine/core/certificate";
import type { OpenServices } from "@trine/services";
import type { RouteRequest } from "@trine/services/rest";
import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { visibleProducts } from "../access/caller.ts";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { closedSignal } from "../closed-signal.ts";
import { orProblem, orServiceProblem, ProblemError } from "../problem-reply.ts";
import { deviceOfPath, deviceParams, problemBody, productOfPath, productParams } from "../schema/names.ts";

type Mounted = OpenServices["routes"][number];

const switchBody = z.object({
  name: z.string().describe("What products switch it by."),
  summary: z.string(),
  isOnByDefault: z.boolean(),
});

/** Which device services there are, and the routes that each brings along. */
export function serviceRoutes(app: AdminApp, { operators, services }: AdminDeps): void {
  app.get(
    "/v1/services",
    {
      config: { access: { role: "viewer", scope: "listed" } },
      schema: {
        tags: ["services"],
        summary: "List device services",
        description:
          "A product is switched by `PATCH /v1/products/{productKey}` with `{services: {name: true | false}}`.",
        response: { 200: z.object({ items: z.array(switchBody) }) },
      },
    },
    async () => ({
      items: services.switches.map(({ name, summary, isOnByDefault }) => ({ name, summary, isOnByDefault })),
    }),
  );
  // Left in the socket: whoever takes it reads it as it comes, and nothing looks into it.
  app.addContentTypeParser("application/octet-stream", (_request, _payload, done) => done(null, undefined));
  for (const mounted of services.routes) mount(app, operators, mounted);
}

function mount(app: AdminApp, operators: AdminDeps["operators"], { service, route }: Mounted): void {
  const { method, path: url, access, summary, description, query, body, takesBytes, response } = route;
  const [success = "200"] = Object.keys(response);
  app.route({
    method,
    url,
    config: { access },
    schema: {
      tags: [service],
      summary,
      ...(description === undefined ? {} : { description }),
      params: paramsOf(url),
      ...(query ? { querystring: query } : {}),
      ...(body ? { body } : {}),
      response: { 400: problemBody, 404: problemBody, ...response } as Record<number, z.ZodType>,
    },
    async handler(request, reply) {
      if (takesBytes === true && !isBytes(request)) throw WANTS_BYTES;
      const asked = await toRouteRequest(request, reply, operators);
      const outcome = await route.handle(takesBytes === true ? { ...asked, bytes: request.raw } : asked);
      return reply.code(Number(success)).send(orServiceProblem(outcome));
    },
  });
}

const WANTS_BYTES = new ProblemError({
  status: 415,
  code: "media_type_unsupported",
  title: "The content type is not supported",
  detail: "the body is a file: application/octet-stream",
});

function isBytes({ headers }: FastifyRequest): boolean {
  return headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() === "application/octet-stream";
}

function paramsOf(url: string): z.ZodObject {
  const known: Readonly<Record<string, z.ZodType>> = deviceParams.shape;
  const names = [...url.matchAll(/:(\w+)/g)].map(([, name = ""]) => name);
  return z.object(Object.fromEntries(names.map((name) => [name, known[name] ?? z.string()])));
}

/** What the path names exists when the service is asked. */
async function toRouteRequest(
  request: FastifyRequest,
  reply: FastifyReply,
  { products, devices }: AdminDeps["operators"],
): Promise<RouteRequest<unknown, unknown>> {
  const params = request.params as Readonly<Record<string, string>>;
  let productKey: ProductKey | undefined;
  let device: DeviceRef | undefined;
  if ("deviceName" in params) {
    device = deviceOfPath(deviceParams.parse(params));
    productKey = device.productKey;
    orProblem(await devices.find(device));
  } else if ("productKey" in params) {
    productKey = productOfPath(productParams.parse(params));
    orProblem(await products.find(productKey));
  }
  return {
    // A route whose path does not name them has no use for them.
    productKey: productKey as ProductKey,
    device: device as DeviceRef,
    params,
    query: request.query,
    body: request.body,
    actor: actorOf(request),
    visible: visibleProducts(request),
    signal: closedSignal(reply),
  };
}
