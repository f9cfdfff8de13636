import { isRefusal, type Refusal, type Session } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import { type Block, readBlock } from "./block-option.ts";
import { bodyResponse, type Downloads, isLastBlock, needsBlocks } from "./downloads.ts";
import { type MessageBody, messageBody } from "./json-body.ts";
import type { Request, Response } from "./message-layer.ts";
import type { Observers } from "./observers.ts";
import type { RequestOptions } from "./options.ts";
import { refusalResponse } from "./refusal-response.ts";
import { resumeSession, takeNumber } from "./request-session.ts";

export interface MailboxDeps {
  readonly platform: Platform;
  readonly downloads: Downloads<MessageBody>;
  readonly observers: Observers;
  /** The adapter stops: nothing is fetched any more. */
  readonly stopping: AbortSignal;
}

// RFC 7641 2: the values of Observe in a request.
const REGISTER = 0;
const DEREGISTER = 1;

/** Answers `GET /mailbox`: the next message, or `{}`. It stays in the mailbox (wire-format 12.1). */
export async function answerMailbox(deps: MailboxDeps, request: Request, options: RequestOptions): Promise<Response> {
  const session = await resumeSession(deps.platform, request, options);
  if (isRefusal(session)) return refusalResponse(session);
  const asked = options.block2 && readBlock(options.block2);
  if (options.block2 && !asked) return { code: "4.00" };
  if (asked && asked.num > 0) return answerBlock(deps, session, asked);
  const observed = await observe(deps, request, { session, options });
  if (observed) return observed;
  const body = await nextBody(deps, session);
  if (isRefusal(body)) return refusalResponse(body);
  if (needsBlocks(body, asked)) deps.downloads.keep(session.sessionId, body);
  return bodyResponse(body, asked);
}

/** Answers `DELETE /mailbox/{messageId}`: the device has the message. */
export async function answerAcknowledge(
  { platform, observers }: MailboxDeps,
  request: Request,
  options: RequestOptions,
): Promise<Response> {
  const session = await resumeSession(platform, request, options);
  if (isRefusal(session)) return refusalResponse(session);
  // Whoever overheard the token must not empty the mailbox.
  const taken = session.sealing && (await takeNumber(platform, request, { session, options }));
  if (taken && isRefusal(taken)) return refusalResponse(taken);
  const [, messageId = ""] = options.path;
  const waited = /^\d{1,20}$/.test(messageId) && (await platform.inbox.acknowledge(session, messageId));
  if (isRefusal(waited)) return refusalResponse(waited);
  observers.settle(session.device, messageId);
  return { code: waited || taken?.isRepeat ? "2.02" : "4.04" };
}

/**
 * Answers with a further block, of the body that was begun here, or of the message as it still waits, for the first block may have come from
 * another node. The last block of a message that an observer was notified of is delivered with its acknowledgement.
 */
async function answerBlock(deps: MailboxDeps, session: Session, asked: Block): Promise<Response> {
  const body = deps.downloads.find(session.sessionId) ?? (await nextBody(deps, session));
  if (isRefusal(body)) return refusalResponse(body);
  const response = bodyResponse(body, asked);
  const { messageId } = body;
  const onDelivery =
    messageId !== undefined && isLastBlock(body, asked)
      ? deps.observers.awaitedBy(session.device, messageId)
      : undefined;
  return onDelivery ? { ...response, onDelivery } : response;
}

async function nextBody({ platform, stopping }: MailboxDeps, session: Session): Promise<MessageBody | Refusal> {
  const messages = await platform.inbox.fetch(session, { limit: 1, waitMs: 0, signal: stopping });
  return isRefusal(messages) ? messages : messageBody(session, messages[0]);
}

/** @returns nothing when the request observes nothing, or no more observers fit: it is answered as any other then (RFC 7641 4.1). */
async function observe(
  { platform, observers }: MailboxDeps,
  request: Request,
  { session, options }: { session: Session; options: RequestOptions },
): Promise<Response | undefined> {
  const { observe: wish, token = "" } = options;
  if (wish !== REGISTER && wish !== DEREGISTER) return undefined;
  // Whoever overheard the token must not draw the messages to himself: their acknowledgement removes them.
  const taken = session.sealing && (await takeNumber(platform, request, { session, options }));
  if (taken && isRefusal(taken)) return refusalResponse(taken);
  if (wish === DEREGISTER) observers.remove(session.device, request);
  const number = wish === REGISTER ? observers.add(session, { request, token }) : undefined;
  if (number === undefined) return undefined;
  const { options: rest = [], ...response } = bodyResponse(messageBody(session, undefined), undefined);
  return { ...response, options: [{ name: "Observe", value: number }, ...rest] };
}
