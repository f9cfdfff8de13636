import type { AdminApp } from "../admin-deps.ts";
import { sendProblem } from "../problem-reply.ts";
import { problemBody } from "../schema/names.ts";

/** Routes that are named already and do nothing yet: 501, so that a client can tell them from a typing error. */
const LATER = [
  { method: "POST", url: "/v1/auth/explain", summary: "Why can this device not log in?", role: "operator" },
  { method: "GET", url: "/v1/attempts", summary: "Refused logins", role: "viewer" },
] as const;

/** Installs the routes that later versions fill. */
export function laterRoutes(app: AdminApp): void {
  for (const { method, url, summary, role } of LATER) {
    app.route({
      method,
      url,
      config: { access: { role, scope: "fleet" } },
      schema: {
        tags: ["later"],
        summary: `${summary} (not in this version)`,
        response: { 501: problemBody },
      },
      async handler(_request, reply) {
        sendProblem(reply, { status: 501, code: "not_in_this_version", title: "This version does not do that yet" });
      },
    });
  }
}
