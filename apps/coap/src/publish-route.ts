import { isRefusal, type Refusal, refuse, type Session } from "@trine/core/auth";
import { sealPayload } from "@trine/core/certificate";
import type { Accepted, InTurn } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import type { Request, Response } from "./message-layer.ts";
import { MESSAGE_ID_OPTION, type RequestOptions } from "./options.ts";
import { refusalResponse } from "./refusal-response.ts";
import { openBody, resumeSession, takeNumber } from "./request-session.ts";

// Larger answers would need Block2; the gateway's own are far below.
const REPLY_BYTES = 1024;

/** Answers `POST /topic/...` (wire-format 5.3 to 5.6). */
export async function answerPublish(
  { platform, queue, payloadBytes }: { platform: Platform; queue: InTurn; payloadBytes: number },
  request: Request,
  publish: { options: RequestOptions; body: Buffer },
): Promise<Response> {
  const session = await resumeSession(platform, request, publish.options);
  if (isRefusal(session)) return refusalResponse(session);
  const message = { session, topic: `/${publish.options.path.slice(1).join("/")}`, ...publish };
  const outcome = await queue.run(session.sessionId, () => accept({ platform, payloadBytes }, request, message));
  if (isRefusal(outcome)) return refusalResponse(outcome);
  return acceptedResponse(platform, outcome, session);
}

async function accept(
  { platform, payloadBytes }: { platform: Platform; payloadBytes: number },
  request: Request,
  { session, topic, options, body }: { session: Session; topic: string; options: RequestOptions; body: Buffer },
): Promise<Accepted | Refusal> {
  const payload = openBody(session, body);
  // Judged before the number is taken: a spoiled message must not use one up.
  if (payload && payload.length > payloadBytes) return refuse("too_large", `${payload.length} bytes`);
  if (!payload) return refuse("malformed", "sealed payload cannot be opened");
  if (!session.sealing) return platform.uplink.accept(session, { topic, payload, qos: 1 });
  const taken = await takeNumber(platform, request, { session, options });
  // The datagram may have come before, here or on another node, and its message may be in the log or not: its first id settles it.
  return isRefusal(taken)
    ? taken
    : platform.uplink.accept(session, { topic, payload, qos: 1, messageId: taken.messageId });
}

function acceptedResponse(
  { recorder }: Platform,
  { messageId, reply }: Accepted,
  { sealing, transport }: Session,
): Response {
  const fits = reply !== undefined && reply.payload.length <= REPLY_BYTES;
  if (reply && !fits) recorder.dropped(transport, "reply_too_large");
  const plain = fits ? reply.payload : undefined;
  const payload = plain && sealing ? sealPayload(sealing.key, plain) : plain;
  return {
    code: "2.05",
    options: [{ name: MESSAGE_ID_OPTION, value: Buffer.from(messageId) }],
    ...(payload ? { payload } : {}),
  };
}
