import type { Role } from "@trine/core/access";
import type { DeviceRef, ProductKey } from "@trine/core/certificate";
import type { Actor, Problem } from "@trine/core/registry";
import type { z } from "zod";
import type { ServiceProblem } from "./service-problem.ts";

/**
 * A route of the REST API, as a value: the program that serves the API mounts it, checks the request against the schemas and writes them into
 * the API's document.
 */
export interface ServiceRoute {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /**
   * With `:productKey` and `:deviceName` as the names of what it is about. The product, and the device, exist: others are answered before.
   * Further parameters are texts.
   */
  readonly path: string;
  readonly access: {
    /** The least role. */
    readonly role: Role;
    /**
     * `product`: keys that are limited to the product of the path may use it. `fleet`: only keys without such a limit. `listed`: every key, and
     * the route itself keeps to what is `visible` to it.
     */
    readonly scope: "product" | "fleet" | "listed";
  };
  readonly summary: string;
  readonly description?: string;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The body is a file, `application/octet-stream`, which the route reads as it comes. Its size is for the route to limit. */
  readonly takesBytes?: boolean;
  /** What it answers, by status; the first is that of success. Problems are not listed. */
  readonly response: Readonly<Record<number, z.ZodType>>;
  handle(request: RouteRequest<unknown, unknown>): Promise<unknown>;
}

/** What a route is asked. */
export interface RouteRequest<Query, Body> {
  readonly productKey: ProductKey;
  readonly device: DeviceRef;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly body: Body;
  /** With `takesBytes`. Ends in a fault when the caller breaks off. */
  readonly bytes?: AsyncIterable<Uint8Array>;
  /** For the audit log. */
  readonly actor: Actor;
  /** Products that the caller may see; absent: all. */
  readonly visible: readonly ProductKey[] | undefined;
  /** Aborts when the caller is gone. */
  readonly signal: AbortSignal;
}

/** Types a route by its schemas. `handle` returns what the first status of `response` answers, or a problem. */
export function route<
  Response extends z.ZodType,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
>(
  typed: Omit<ServiceRoute, "query" | "body" | "response" | "handle"> & {
    query?: Query;
    body?: Body;
    response: Readonly<Record<number, Response>>;
    handle(
      request: RouteRequest<z.output<Query>, z.output<Body>>,
    ): Promise<z.input<Response> | Problem | ServiceProblem>;
  },
): ServiceRoute {
  return typed as unknown as ServiceRoute;
}
