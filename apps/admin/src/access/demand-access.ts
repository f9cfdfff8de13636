import type { FastifyInstance, RouteOptions } from "fastify";
import type { RouteAccess } from "./route-access.ts";

/** A route, and who may use it. */
export interface GuardedRoute {
  readonly method: string;
  /** As fastify has it, e.g. `/v1/products/:productKey`. */
  readonly url: string;
  readonly access: RouteAccess | "public";
}

/**
 * Has every route that is added from now on say who may use it.
 *
 * @param publicUnder the path of a plugin whose own routes cannot say it: they are public.
 * @throws (where the route is added, so at the start of the program) for a route that does not say it, or whose scope needs a path parameter
 * that it has not.
 */
export function demandAccess(app: FastifyInstance, publicUnder: string): void {
  const routes: GuardedRoute[] = [];
  app.decorate("guardedRoutes", routes);
  app.addHook("onRoute", (route) => {
    if (route.url === publicUnder || route.url.startsWith(`${publicUnder}/`))
      route.config = { ...route.config, access: "public" };
    const access = accessOf(route);
    for (const method of [route.method].flat()) routes.push({ method, url: route.url, access });
  });
}

declare module "fastify" {
  interface FastifyInstance {
    /** In the order in which they were added. */
    readonly guardedRoutes: readonly GuardedRoute[];
  }
}

const NEEDED = { product: "/:productKey/", batch: "/:batchId/" } as const;

function accessOf({ method, url, config }: RouteOptions): RouteAccess | "public" {
  const access = config?.access;
  if (!access) throw new Error(`${method} ${url} does not say who may use it: set config.access`);
  if (access === "public" || access.scope === "listed" || access.scope === "fleet") return access;
  const needed = NEEDED[access.scope];
  if (`${url}/`.includes(needed)) return access;
  throw new Error(`${method} ${url} is limited by ${access.scope}, but has no ${needed} in its path`);
}
