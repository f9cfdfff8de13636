import type { Role } from "@trine/core/access";
import { createRecentKeys } from "@trine/core/guard";
import type { AuditLog } from "@trine/core/ports";
import type { Actor } from "@trine/core/registry";
import type { FastifyRequest } from "fastify";
import { actorOf, callerOf } from "./caller.ts";
import type { RouteAccess } from "./route-access.ts";

/** Writes down who was refused what is for admins: secrets in clear, keys, export. */
export interface RefusalAudit {
  /** @throws when the log cannot be written. */
  note(request: FastifyRequest, code: string, access: RouteAccess): Promise<void>;
  /** The same for what is no route. @throws when the log cannot be written. */
  noteOf(refused: Refused): Promise<void>;
}

/** What was refused to whom. */
interface Refused {
  /** What it needs. */
  readonly role: Role;
  readonly keyId: string;
  readonly actor: Actor;
  readonly route: string;
  readonly target: string;
  readonly code: string;
}

/** The same refusal again within this time is not written again: a script that goes on trying must not fill the log. */
const AGAIN_MS = 60_000;
const MAX_REMEMBERED = 1_000;

/** Makes the log of refusals. */
export function createRefusalAudit({ audit }: { audit: AuditLog }): RefusalAudit {
  const notedAt = createRecentKeys<number>(MAX_REMEMBERED);
  async function noteOf({ role, keyId, actor: { name: actor, peer }, route, target, code }: Refused): Promise<void> {
    if (role !== "admin") return;
    const atMs = Date.now();
    const same = [keyId, route, target].join(" ");
    if (atMs - (notedAt.get(same) ?? 0) < AGAIN_MS) return;
    await audit.record({ atMs, actor, action: "access.refused", target, detail: { route, code }, peer });
    notedAt.set(same, atMs);
  }
  return {
    noteOf,
    note: (request, code, { role }) =>
      noteOf({
        role,
        code,
        keyId: callerOf(request).keyId,
        actor: actorOf(request),
        route: `${request.method} ${request.routeOptions.url ?? request.url}`,
        target: targetOf(request),
      }),
  };
}

/** As other entries name their target, where the path names one. */
function targetOf({ params, routeOptions }: FastifyRequest): string {
  const values = Object.values(params as Readonly<Record<string, string>>);
  return values.length > 0 ? values.join("/").slice(0, 128) : (routeOptions.url ?? "");
}
