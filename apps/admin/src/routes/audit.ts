import { instant, pageOf, pageQuery } from "@trine/services/rest";
import { z } from "zod";
import type { AdminApp, AdminDeps } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { problemBody } from "../schema/names.ts";

const auditBody = z.object({
  id: z.string(),
  at: instant,
  actor: z.string(),
  action: z.string(),
  target: z.string(),
  detail: z.record(z.string(), z.unknown()),
  address: z.string(),
});

/** The route of the audit log. */
export function auditRoutes(app: AdminApp, { operators: { audit } }: AdminDeps): void {
  app.get(
    "/v1/audit",
    {
      config: { access: { role: "admin", scope: "fleet" } },
      schema: {
        tags: ["audit"],
        summary: "Who did what, newest first",
        querystring: pageQuery.extend({ action: z.string().optional(), target: z.string().optional() }),
        response: { 200: pageOf(auditBody), 400: problemBody },
      },
    },
    async ({ query: { limit, cursor, action, target } }) => {
      const page = await audit.list(compact({ action, target }), compact({ limit, cursor }));
      return {
        ...page,
        items: page.items.map(({ atMs, peer, detail, ...rest }) => ({
          ...rest,
          detail: { ...detail },
          at: new Date(atMs).toISOString(),
          address: peer,
        })),
      };
    },
  );
}
