import { type Grant, reachesProduct, roleCovers } from "@trine/core/access";
import type { Operators } from "@trine/core/platform";
import { isProblem, problem } from "@trine/core/registry";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { orProblem, ProblemError } from "../problem-reply.ts";
import { refuseUnstorableText } from "../storable-text.ts";
import type { Gate } from "./admit.ts";
import { callerOf } from "./caller.ts";
import type { RefusalAudit } from "./refusal-audit.ts";
import type { RouteAccess } from "./route-access.ts";

interface GuardDeps {
  readonly gate: Gate;
  readonly refusals: RefusalAudit;
  readonly operators: Pick<Operators, "batches">;
}

/**
 * Lets a request through to its route only if the route is public, or its caller has the role and reaches what the route is about. The one
 * place where this is decided; it runs before a body is read.
 */
export function guardRoutes(app: FastifyInstance, { gate, refusals, operators }: GuardDeps): void {
  app.decorateRequest("caller");
  app.addHook("onRequest", async (request) => {
    const { access } = request.routeOptions.config;
    if (access === "public") return;
    if (!access) throw new Error(`${request.url} does not say who may use it`);
    request.caller = await gate.admit(request);
    // What is looked up and written down below comes from the path.
    refuseUnstorableText(request);
    const refusal = judge(request, access);
    if (refusal) {
      await refusals.note(request, refusal.details.code, access);
      throw refusal;
    }
    if (access.scope === "batch") await checkBatch(request, operators);
  });
}

/** Refuses a limited caller everything but its own product, by its name alone: so it does not learn which others there are. */
function judge(request: FastifyRequest, { role, scope }: RouteAccess): ProblemError | undefined {
  const caller = callerOf(request);
  if (!roleCovers(caller.role, role))
    return forbidden(
      "role_too_low",
      "The key may not do this",
      `it needs the role ${role}; this one is ${caller.role}`,
    );
  if (scope === "fleet" && caller.products) return outOfScope(caller, "this is for keys without a limit to products");
  if (scope === "product" && !reachesProduct(caller, paramOf(request, "productKey")))
    return outOfScope(caller, "the product is not among them");
  return undefined;
}

/** A batch of another product is as if it was not there. */
async function checkBatch(request: FastifyRequest, { batches }: GuardDeps["operators"]): Promise<void> {
  const caller = callerOf(request);
  if (!caller.products) return;
  const batch = await batches.find(paramOf(request, "batchId"));
  if (isProblem(batch) || !reachesProduct(caller, batch.productKey))
    orProblem(problem("batch_not_found", "check the batchId"));
}

function paramOf({ params }: FastifyRequest, name: string): string {
  return (params as Readonly<Record<string, string>>)[name] ?? "";
}

function outOfScope({ products = [] }: Grant, detail: string): ProblemError {
  const title = "The key is limited to other products";
  return forbidden("out_of_scope", title, `it reaches ${products.join(", ")}; ${detail}`);
}

function forbidden(code: string, title: string, detail: string): ProblemError {
  return new ProblemError({ status: 403, code, title, detail });
}
