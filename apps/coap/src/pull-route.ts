import { isRefusal, refuse } from "@trine/core/auth";
import { deviceText } from "@trine/core/messaging";
import { readBlock } from "./block-option.ts";
import { bodyResponse, needsBlocks } from "./downloads.ts";
import { jsonBody, messageFields } from "./json-body.ts";
import type { MailboxDeps } from "./mailbox-route.ts";
import type { Request, Response } from "./message-layer.ts";
import type { RequestOptions } from "./options.ts";
import { refusalResponse } from "./refusal-response.ts";
import { openBody, resumeSession } from "./request-session.ts";

const MOST = 10;

/** Answers `POST /pull`: the next messages, at most as many as `pageSize` says. They stay in the mailbox (wire-format 5.9, 12.1). */
export async function answerPull(
  { platform, downloads, stopping }: Pick<MailboxDeps, "platform" | "downloads" | "stopping">,
  request: Request,
  { options, body }: { options: RequestOptions; body: Buffer },
): Promise<Response> {
  const session = await resumeSession(platform, request, options);
  if (isRefusal(session)) return refusalResponse(session);
  const asked = options.block2 && readBlock(options.block2);
  if (options.block2 && !asked) return { code: "4.00" };
  const key = `pull/${session.sessionId}`;
  if (asked && asked.num > 0) {
    const page = downloads.find(key);
    // RFC 7959 3.3: what follows the first block says nothing any more, so another page cannot be made.
    return page ? bodyResponse(page, asked) : { code: "4.08" };
  }
  const limit = readPageSize(openBody(session, body));
  if (limit === undefined) return refusalResponse(refuse("malformed", "page size"));
  const messages = await platform.inbox.fetch(session, { limit, waitMs: 0, signal: stopping });
  if (isRefusal(messages)) return refusalResponse(messages);
  const page = jsonBody(session, messages.map(messageFields));
  if (needsBlocks(page, asked)) downloads.keep(key, page);
  return bodyResponse(page, asked);
}

/** `{"pageSize":"N"}`, N from 1 to 10, as text or as a number. */
function readPageSize(body: Buffer | undefined): number | undefined {
  try {
    // A C client may count its terminating NUL in (wire-format 0.16).
    const fields: unknown = JSON.parse(body ? deviceText(body) : "");
    const { pageSize } = Object(fields) as { pageSize?: unknown };
    const size = /^\d{1,2}$/.test(String(pageSize)) ? Number(pageSize) : 0;
    return size >= 1 && size <= MOST ? size : undefined;
  } catch {
    return undefined;
  }
}
