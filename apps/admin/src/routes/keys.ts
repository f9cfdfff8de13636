import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { orProblem } from "../problem-reply.ts";
import { keysBody, showKeys } from "../schema/keys.ts";
import { problemBody } from "../schema/names.ts";

/** Routes of the keys that encrypt secrets at rest. */
export function keyRoutes(app: AdminApp, { operators: { keys } }: AdminDeps): void {
  const tags = ["operations"];
  const config = { access: { role: "admin", scope: "fleet" } } as const;

  app.get(
    "/v1/keys",
    {
      config,
      schema: {
        tags,
        summary: "Show the keys that encrypt secrets at rest, and how far a rotation is",
        description: "Ids only, never a key.",
        response: { 200: keysBody },
      },
    },
    async () => showKeys(await keys.status()),
  );

  app.post(
    "/v1/keys/rotate",
    {
      config,
      schema: {
        tags,
        summary: "Rotate the data key",
        description:
          "Makes a new data key. Once every process knows it, stored secrets are sealed again under it in the background; logins go on meanwhile. Audited.",
        response: { 202: keysBody, 409: problemBody },
      },
    },
    async (request, reply) => reply.code(202).send(showKeys(orProblem(await keys.rotate(actorOf(request))))),
  );
}
