import type { Grant } from "@trine/core/access";
import type { ProductKey } from "@trine/core/certificate";
import type { Actor } from "@trine/core/registry";
import type { FastifyRequest } from "fastify";
import { peerOf } from "./peer-of.ts";

/** Who sent a request, and what they may do. */
export interface Caller extends Grant {
  readonly keyId: string;
  /** Of the key. */
  readonly name: string;
  /** Of a request that came with a cookie. */
  readonly session?: { readonly token: string; readonly csrfToken: string; readonly expiresAtMs: number };
  /**
   * Whether all of this holds still, for requests that take long. A key that was revoked or limited meanwhile makes it false.
   *
   * @throws when the store cannot answer.
   */
  stillHolds(): Promise<boolean>;
}

/** A key that is revoked or limited while a request goes on ends it within this time. */
export const LOOK_AT_KEY_MS = 2_000;

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

/** The caller of a route that is not public: every request for one has passed `guardRoutes`. */
export function callerOf({ caller, url }: FastifyRequest): Caller {
  if (!caller) throw new Error(`nobody was let in to ${url}`);
  return caller;
}

/** Who sent a request, for the audit log. */
export function actorOf(request: FastifyRequest): Actor {
  return { name: actorName(callerOf(request)), peer: peerOf(request) };
}

/** How the audit log names a key: the one that is set at the start is `admin`; of any other also its id, since names may come twice. */
export function actorName({ keyId, name }: Pick<Caller, "keyId" | "name">): string {
  return keyId === BOOTSTRAP_KEY_ID ? name : `${name} (${keyId})`;
}

/** In the place of the id of a stored key, which is hexadecimal. */
export const BOOTSTRAP_KEY_ID = "bootstrap";

/** The products that the caller may see; `undefined`: all. */
export function visibleProducts(request: FastifyRequest): readonly ProductKey[] | undefined {
  return callerOf(request).products;
}
