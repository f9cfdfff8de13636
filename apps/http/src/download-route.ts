import type { Platform } from "@trine/core/platform";
import type { Download } from "@trine/core/ports";
import type { FastifyReply, FastifyRequest } from "fastify";
import { parseRange } from "./parse-range.ts";
import type { Transfers } from "./transfers.ts";
import { writeBody } from "./write-reply.ts";

const PREFIX = "/download/";

/** No answer of the protocol's: whoever fetches is a plain HTTP client. */
const NOT_THERE = {
  forbidden: { status: 403, body: '{"message":"the link is not valid, or not any more"}' },
  missing: { status: 404, body: '{"message":"there is no such file"}' },
} as const;

/**
 * `GET` and `HEAD /download/...`: what a device service linked to. The link alone is the right to fetch; no token is asked for. A part is
 * answered where one is asked for, if it is still of the same content (RFC 9110, 13.1.5 and 14.2).
 */
export function createDownloadRoute({ download }: Pick<Platform, "download">, transfers: Transfers) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const [path = ""] = (request.raw.url ?? "").slice(PREFIX.length).split("?", 1);
    const found = await download(path);
    if (typeof found === "string") {
      const { status, body } = NOT_THERE[found];
      return writeBody(reply, body, { status });
    }
    const { status, range, head } = answerTo(request, found);
    reply.hijack();
    reply.raw.writeHead(status, head);
    if (!range || request.method === "HEAD") return void reply.raw.end();
    return transfers.send(found, range, reply.raw);
  };
}

function answerTo({ headers }: FastifyRequest, { size, etag, type }: Download) {
  const tag = `"${etag}"`;
  // A link is one device's: nobody else's cache may answer with what it led to.
  const common = ["ETag", tag, "Accept-Ranges", "bytes", "Cache-Control", "private"];
  if (headers["if-none-match"]?.split(",").some((known) => known.trim().replace(/^W\//, "") === tag))
    return { status: 304, head: common };
  const isSame = headers["if-range"] === undefined || headers["if-range"] === tag;
  const part = isSame ? parseRange(headers.range, size) : undefined;
  if (part === "unsatisfiable")
    return { status: 416, head: [...common, "Content-Range", `bytes */${size}`, "Content-Length", "0"] };
  const range = part ?? { start: 0, end: size };
  const head = [...common, "Content-Type", type, "Content-Length", String(range.end - range.start)];
  return part
    ? { status: 206, range, head: [...head, "Content-Range", `bytes ${part.start}-${part.end - 1}/${size}`] }
    : { status: 200, range, head };
}
