import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { BatchRequest } from "@trine/core/registry";
import { z } from "zod";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { parseBatchCsv } from "../batch-csv.ts";
import { certificatesCsv } from "../certificates-csv.ts";
import { compact } from "../compact.ts";
import { invalidField, orProblem } from "../problem-reply.ts";
import { batchBody, checkedBatch, MAX_BATCH, newBatch, showBatch } from "../schema/batches.ts";
import { problemBody, productOfPath, productParams } from "../schema/names.ts";

const tags = ["batches"];
const batchParams = z.object({ batchId: z.string() });
const idempotency = z.object({ "idempotency-key": z.string().min(1).max(128).optional() });

/** Routes of batches: many devices at once, with progress, errors by line, and their certificates. */
export function batchRoutes(app: AdminApp, { operators: { batches } }: AdminDeps): void {
  app.addContentTypeParser("text/csv", { parseAs: "string" }, (_request, body, done) => done(null, body));

  app.post(
    "/v1/products/:productKey/batches",
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Register many devices",
        description:
          "As JSON, or as `text/csv`: one name a line, or with a header line `deviceName,nickname,tag.K`. `?dryRun=true` checks only. " +
          "The same `Idempotency-Key` with the same body answers the first batch again.",
        params: productParams,
        headers: idempotency,
        querystring: z.strictObject({ dryRun: z.enum(["true", "false"]).default("false") }),
        consumes: ["application/json", "text/csv"],
        body: newBatch,
        response: {
          200: checkedBatch,
          202: z.object({ batchId: z.string() }),
          400: problemBody,
          404: problemBody,
          409: problemBody,
        },
      },
    },
    async (request, reply) => {
      const productKey = productOfPath(request.params);
      // A text is a file of names only if it was sent as one.
      if (typeof request.body === "string" && request.mediaType !== "text/csv")
        throw invalidField("body", "is no object");
      const asked: BatchRequest = {
        lines: readLines(request.body),
        ...compact({ idempotencyKey: request.headers["idempotency-key"] }),
        fingerprint: createHash("sha256").update(JSON.stringify(request.body)).digest("hex"),
      };
      if (request.query.dryRun === "true") {
        const { total, failed, errors } = orProblem(await batches.check(productKey, asked));
        return reply.code(200).send({ total, failed, errors: [...errors] });
      }
      const { batchId } = orProblem(await batches.create(actorOf(request), productKey, asked));
      return reply.code(202).header("location", `/v1/batches/${batchId}`).send({ batchId });
    },
  );

  app.get(
    "/v1/batches/:batchId",
    {
      config: { access: { role: "viewer", scope: "batch" } },
      schema: {
        tags,
        summary: "Show a batch and its progress",
        params: batchParams,
        response: { 200: batchBody, 404: problemBody },
      },
    },
    async ({ params }) => showBatch(orProblem(await batches.find(params.batchId))),
  );

  app.get(
    "/v1/batches/:batchId/certificates.csv",
    {
      config: { access: { role: "admin", scope: "batch" } },
      schema: {
        tags,
        summary: "Download the certificates of a batch",
        description:
          "`ProductKey,DeviceName,DeviceSecret`, streamed, once the batch is done; of a device that is being rotated, the second secret. Every download is in the audit log.",
        params: batchParams,
        produces: ["text/csv"],
        response: { 200: z.string().describe("CSV with a header line."), 404: problemBody, 409: problemBody },
      },
    },
    async (request, reply) => {
      const certificates = orProblem(await batches.certificates(actorOf(request), request.params.batchId));
      reply
        .header("content-type", "text/csv; charset=utf-8")
        .header("cache-control", "no-store")
        .header("content-disposition", `attachment; filename="certificates-${request.params.batchId}.csv"`);
      // The serializer is for objects; a stream passes it by.
      return reply.send(Readable.from(certificatesCsv(certificates)) as never);
    },
  );
}

function readLines(body: z.output<typeof newBatch>): BatchRequest["lines"] {
  const lines = typeof body === "string" ? parseBatchCsv(body) : linesOf(body);
  if (lines.length > 0 && lines.length <= MAX_BATCH) return lines;
  const detail =
    lines.length === 0 ? "no device is named" : `at most ${MAX_BATCH} devices a batch, here are ${lines.length}`;
  throw invalidField("body", detail);
}

function linesOf(body: Exclude<z.output<typeof newBatch>, string>): BatchRequest["lines"] {
  if ("deviceNames" in body) return body.deviceNames.map((deviceName, index) => ({ line: index + 1, deviceName }));
  const { count, prefix } = body;
  const digits = Math.max(3, String(count).length);
  return Array.from({ length: count }, (_, index) => {
    const line = index + 1;
    return prefix === undefined ? { line } : { line, deviceName: `${prefix}${String(line).padStart(digits, "0")}` };
  });
}
