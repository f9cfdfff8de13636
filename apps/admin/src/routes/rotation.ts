import { ROTATION_GRACE } from "@trine/core/registry";
import { instant } from "@trine/services/rest";
import { z } from "zod";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { orProblem } from "../problem-reply.ts";
import { certificateBody, revokedBody } from "../schema/devices.ts";
import { deviceOfPath, deviceParams, problemBody } from "../schema/names.ts";

const { defaultSeconds, maxSeconds } = ROTATION_GRACE;

const rotationRequest = z
  .strictObject({
    graceSeconds: z
      .int()
      .min(0)
      .max(maxSeconds)
      .optional()
      .describe(`How long both secrets work at the most, default ${defaultSeconds}. 0: the old one dies at once.`),
  })
  .nullish();

const rotatedBody = certificateBody
  .extend({ graceEndsAt: instant.describe("When the old secret dies at the latest.") })
  .extend(revokedBody.shape);

/** The route that rotates the secret of a device. */
export function rotationRoutes(app: AdminApp, { operators: { rotations } }: AdminDeps): void {
  app.post(
    "/v1/products/:productKey/devices/:deviceName/rotate",
    {
      config: { access: { role: "admin", scope: "product" } },
      schema: {
        tags: ["devices"],
        summary: "Rotate the device secret",
        description:
          "Makes a second secret, which is answered here. Both work until the second one is first used or the grace ends; then connections, keys and tokens that were made under the old one die on every node. A rotation that is under way is replaced. Audited.",
        params: deviceParams,
        body: rotationRequest,
        response: { 200: rotatedBody, 400: problemBody, 404: problemBody },
      },
    },
    async (request, reply) => {
      const device = deviceOfPath(request.params);
      const { productKey, deviceName, deviceSecret, graceEndsAtMs, ...revoked } = orProblem(
        await rotations.rotate(actorOf(request), device, compact(request.body ?? {})),
      );
      reply.header("cache-control", "no-store");
      const graceEndsAt = new Date(graceEndsAtMs).toISOString();
      return { productKey, deviceName, deviceSecret: deviceSecret.reveal(), graceEndsAt, ...revoked };
    },
  );
}
