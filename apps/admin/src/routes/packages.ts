import { Readable } from "node:stream";
import { pageOf, pageQuery } from "@trine/services/rest";
import { z } from "zod";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { sealPackageFor } from "../packages/seal-package.ts";
import { invalidField, orProblem } from "../problem-reply.ts";
import { problemBody } from "../schema/names.ts";
import { newPackage, packageBody, packageParams, packedDevice, receiptNoted, showPackage } from "../schema/packages.ts";

const tags = ["packages"];
const batchParams = packageParams.pick({ batchId: true });
const missing = { 404: problemBody } as const;

/** Routes of the hand-over of certificates to factories (docs/factory.md). */
export function packageRoutes(app: AdminApp, { operators: { packages } }: AdminDeps): void {
  app.addContentTypeParser("text/plain", { parseAs: "string" }, (_request, body, done) => done(null, body));

  app.post(
    "/v1/batches/:batchId/packages",
    {
      config: { access: { role: "admin", scope: "batch" } },
      schema: {
        tags,
        summary: "Hand certificates over to a factory",
        description:
          "Answers the package: a file in the age format that only the factory's private key opens. A device goes into one package, and a package can be had this once: whoever loses it voids it and makes another. The header `x-package-id` names it. Audited.",
        params: batchParams,
        body: newPackage,
        produces: ["application/age"],
        response: { 201: z.string().describe("Encrypted."), 400: problemBody, ...missing, 409: problemBody },
      },
    },
    async (request, reply) => {
      const { recipient, ...order } = request.body;
      const seal = sealPackageFor(recipient);
      // Before anything is made: a package that cannot be encrypted would take its devices with it.
      if (!seal) throw invalidField("recipient", "is no public key of age: it begins with age1");
      const made = await packages.make(actorOf(request), request.params.batchId, { recipient, ...compact(order) });
      const { record, lines } = orProblem(made);
      reply
        .code(201)
        .header("content-type", "application/age")
        .header("cache-control", "no-store")
        .header("x-package-id", record.packageId)
        .header("location", `/v1/batches/${record.batchId}/packages/${record.packageId}`)
        .header("content-disposition", `attachment; filename="${record.packageId}.age"`);
      // The serializer is for objects; a stream passes it by.
      return reply.send(Readable.from(await seal(lines)) as never);
    },
  );

  app.get(
    "/v1/batches/:batchId/packages",
    {
      config: { access: { role: "viewer", scope: "batch" } },
      schema: {
        tags,
        summary: "List the packages of a batch",
        params: batchParams,
        response: { 200: z.object({ items: z.array(packageBody) }), ...missing },
      },
    },
    async ({ params }) => ({ items: orProblem(await packages.list(params.batchId)).map(showPackage) }),
  );

  app.get(
    "/v1/batches/:batchId/packages/:packageId",
    {
      config: { access: { role: "viewer", scope: "batch" } },
      schema: { tags, summary: "Show a package", params: packageParams, response: { 200: packageBody, ...missing } },
    },
    async ({ params }) => showPackage(orProblem(await packages.find(params.batchId, params.packageId))),
  );

  app.get(
    "/v1/batches/:batchId/packages/:packageId/devices",
    {
      config: { access: { role: "viewer", scope: "batch" } },
      schema: {
        tags,
        summary: "List the devices of a package, and which were burned",
        params: packageParams,
        querystring: pageQuery,
        response: { 200: pageOf(packedDevice), 400: problemBody, ...missing },
      },
    },
    async ({ params, query }) => {
      const page = orProblem(await packages.devices(params.batchId, params.packageId, compact(query)));
      const items = page.items.map(({ deviceName, burnedAtMs }) => ({
        deviceName,
        ...(burnedAtMs === undefined ? {} : { burnedAt: new Date(burnedAtMs).toISOString() }),
      }));
      return { ...page, items };
    },
  );

  app.post(
    "/v1/batches/:batchId/packages/:packageId/receipts",
    {
      config: { access: { role: "operator", scope: "batch" } },
      schema: {
        tags,
        summary: "Take a factory's receipt",
        description:
          "The line that `trine burn receipt` prints. It is verified with the key that went with the package, and marks devices as burned. The same receipt may come again. Audited.",
        params: packageParams,
        consumes: ["text/plain"],
        body: z.string().min(1),
        response: { 200: receiptNoted, 400: problemBody, ...missing },
      },
    },
    async (request) => {
      const noted = await packages.takeReceipt(actorOf(request), request.params, request.body);
      const { record, marked, strangers } = orProblem(noted);
      return { ...showPackage(record), marked, strangers };
    },
  );

  app.post(
    "/v1/batches/:batchId/packages/:packageId/void",
    {
      config: { access: { role: "admin", scope: "batch" } },
      schema: {
        tags,
        summary: "Void what was not used of a package",
        description:
          "Each of its devices that no receipt told of, and that has never logged in, gets a new secret and may go into another package; it takes a while, see `status`. What was burned stays as it is. Audited.",
        params: packageParams,
        response: { 202: packageBody, ...missing },
      },
    },
    async (request, reply) => {
      const record = orProblem(await packages.voidUnused(actorOf(request), request.params));
      return reply.code(202).send(showPackage(record));
    },
  );
}
