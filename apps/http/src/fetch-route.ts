import { isRefusal, type Refusal, type Session } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { MailboxMessage } from "@trine/core/ports";
import type { FastifyReply, FastifyRequest } from "fastify";
import { dropUnanswered } from "./drop-past-lease.ts";
import type { OriginOf } from "./origin.ts";
import type { Polls } from "./polls.ts";
import { readToken } from "./read-token.ts";
import { REPLY_CODES, TOO_MANY_POLLS } from "./reply-code.ts";
import { writeMessage, writeNothing, writeRefusal } from "./write-reply.ts";

type Fetched = readonly MailboxMessage[] | Refusal;

/**
 * `GET /mailbox?waitMs=`: the oldest message that waits for the device, as it is. It stays in the mailbox until it is acknowledged, so
 * the same session gets it again. Nothing within the wait is 204.
 *
 * @param limits.maxWaitMs longer waits are shortened to it.
 */
export function createFetchRoute(
  platform: Platform,
  { originOf, polls, maxWaitMs }: { originOf: OriginOf; polls: Polls; maxWaitMs: number },
) {
  const { sessions, inbox, recorder } = platform;

  async function fetchWithin(session: Session, waitMs: number, gone: AbortController): Promise<Fetched | undefined> {
    const fetch = () => inbox.fetch(session, { limit: 1, waitMs, signal: gone.signal });
    if (waitMs === 0) return fetch();
    const end = polls.begin(session.sessionId, () => gone.abort());
    return end && fetch().finally(end);
  }

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const asked = readWaitMs(request.query);
    if (asked === undefined) return writeRefusal(reply, REPLY_CODES.malformed);
    const session = await sessions.resume(readToken(request), { transport: "http", peer: originOf(request).peer });
    if (isRefusal(session)) return writeRefusal(reply, REPLY_CODES[session.code]);
    const fetched = await fetchWithin(session, Math.min(asked, maxWaitMs), gone);
    if (!platform.mayServe()) return dropUnanswered(request, reply);
    if (!fetched) {
      recorder.dropped("http", "too_many_polls");
      return writeRefusal(reply, TOO_MANY_POLLS);
    }
    if (isRefusal(fetched)) return writeRefusal(reply, REPLY_CODES[fetched.code]);
    const [message] = fetched;
    if (!message) return writeNothing(reply);
    whenUnread(reply, () => void inbox.letGo(session));
    return writeMessage(reply, message);
  };
}

/** Calls back when the connection ends, or has ended, before the answer has left: whoever asks next for the device need not wait then. */
function whenUnread({ raw }: FastifyReply, tell: () => void): void {
  if (raw.destroyed) tell();
  else raw.once("close", () => !raw.writableFinished && tell());
}

/** Whole milliseconds; 0 where none are asked for, `undefined` where something else is. */
function readWaitMs(query: unknown): number | undefined {
  const { waitMs = "0" } = query as { waitMs?: string | string[] };
  return typeof waitMs === "string" && /^\d{1,9}$/.test(waitMs) ? Number(waitMs) : undefined;
}
