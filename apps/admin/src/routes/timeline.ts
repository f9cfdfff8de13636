import type { TimelineEvent, TimelineKind } from "@trine/core/ports";
import { instant, pageOf, pageQuery } from "@trine/services/rest";
import { z } from "zod";
import type { AdminApp, AdminDeps } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { orProblem } from "../problem-reply.ts";
import { deviceOfPath, deviceParams, problemBody } from "../schema/names.ts";

const KINDS = [
  "created",
  "registered",
  "activated",
  "online",
  "offline",
  "refused",
  "rotation_begun",
  "rotation_ended",
  "disabled",
  "enabled",
  "kicked",
  "certificate_read",
  "burned",
  "clone_suspected",
  "x509_bound",
  "x509_issued",
  "x509_first_used",
  "x509_revoked",
  "x509_expiring",
  "x509_expired",
] as const satisfies readonly TimelineKind[];

const eventBody = z.object({
  at: instant,
  event: z.enum(KINDS),
  detail: z
    .record(z.string(), z.union([z.string(), z.number()]))
    .describe(
      "`actor` of what an operator did, `transport` and `peer` of what the device did, `code` and `why` of a refusal with the `count` of refusals that the entry stands for, `why` of an end, `wants` of a registration.",
    ),
});

/** The route of a device's timeline. */
export function timelineRoutes(app: AdminApp, { operators: { devices } }: AdminDeps): void {
  app.get(
    "/v1/products/:productKey/devices/:deviceName/timeline",
    {
      config: { access: { role: "viewer", scope: "product" } },
      schema: {
        tags: ["devices"],
        summary: "What happened to a device, newest first",
        description: "Written behind, so an entry may be a second late. Of each device the newest are kept.",
        params: deviceParams,
        querystring: pageQuery,
        response: { 200: pageOf(eventBody), 400: problemBody, 404: problemBody },
      },
    },
    async ({ params, query }) => {
      const page = orProblem(await devices.timeline(deviceOfPath(params), compact(query)));
      return { ...page, items: page.items.map(showEvent) };
    },
  );
}

function showEvent({ atMs, kind, detail }: TimelineEvent): z.output<typeof eventBody> {
  return { at: new Date(atMs).toISOString(), event: kind, detail: { ...detail } };
}
