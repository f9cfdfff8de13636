import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type AdminApp, type AdminDeps, actorOf } from "../admin-deps.ts";
import { ProblemError } from "../problem-reply.ts";
import { problemBody } from "../schema/names.ts";

/** The route that downloads a snapshot of the embedded database. */
export function backupRoutes(app: AdminApp, { writeSnapshot, operators: { audit } }: AdminDeps): void {
  app.post(
    "/v1/backup",
    {
      config: { access: { role: "admin", scope: "fleet" } },
      schema: {
        tags: ["operations"],
        summary: "Download a verified snapshot of the embedded database",
        description: "Secrets in it are encrypted; the master key is not in it. With Postgres, use its own backups.",
        produces: ["application/gzip"],
        response: { 200: z.string().describe("A gzip of the data folder."), 409: problemBody },
      },
    },
    async (request, reply) => {
      if (!writeSnapshot) {
        throw new ProblemError({
          status: 409,
          code: "not_embedded",
          title: "The database is a server",
          detail: "back it up with its own tools, such as pg_dump",
        });
      }
      const folder = await mkdtemp(join(tmpdir(), "trine-backup-"));
      const file = join(folder, "trine.tar.gz");
      await writeSnapshot(file);
      const { name: actor, peer } = actorOf(request);
      await audit.record({ atMs: Date.now(), actor, action: "backup.download", target: "database", detail: {}, peer });
      const stream = createReadStream(file);
      stream.once("close", () => void rm(folder, { recursive: true, force: true }));
      reply.header("content-type", "application/gzip").header("content-length", (await stat(file)).size);
      return reply.send(stream as never);
    },
  );
}
