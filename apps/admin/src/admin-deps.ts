import type { Operators } from "@trine/core/platform";
import type { Recorder } from "@trine/core/ports";
import type { ServiceContext } from "@trine/runtime";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { AdminKey } from "./admin-key.ts";
import type { AdminSettings } from "./settings.ts";

/** What the REST API is made of. */
export interface AdminDeps {
  readonly settings: AdminSettings & { readonly TRINE_ADMIN_HOST: string };
  readonly operators: Operators;
  readonly services: ServiceContext<unknown>["services"];
  readonly recorder: Recorder;
  readonly adminKey: AdminKey;
  /** Writes a verified snapshot of the embedded database; absent when the database is a server. */
  readonly writeSnapshot: ((file: string) => Promise<void>) | undefined;
}

/** A fastify instance whose routes are typed by their zod schemas. */
export type AdminApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export { actorOf } from "./access/caller.ts";
