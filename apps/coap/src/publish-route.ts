import { isRefusal, type Refusal, refuse, type Session } from "@trine/core/auth";
import { openPayload, sealPayload } from "@trine/core/certificate";
import type { Accepted, InTurn } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import type { Request, Response } from "./message-layer.ts";
import { MESSAGE_ID_OPTION, type RequestOptions } from "./options.ts";
import { refusalResponse } from "./refusal-response.ts";
import { TRANSPORT } from "./transport.ts";

// Larger answers would need Block2; the gateway's own are far below.
const REPLY_BYTES = 1024;

/** Answers `POST /topic/...` (wire-format 5.3 to 5.6). */
export async function answerPublish(
  { platform, queue, payloadBytes }: { platform: Platform; queue: InTurn; payloadBytes: number },
  request: Request,
  publish: { options: RequestOptions; body: Buffer },
): Promise<Response> {
  const token = publish.options.token ?? "";
  const session = await platform.sessions.resume(token, { transport: TRANSPORT, peer: request.peer.address });
  if (isRefusal(session)) return refusalResponse(session);
  const outcome = await queue.run(session.sessionId, () =>
    accept({ platform, payloadBytes }, { session, token, ...publish }),
  );
  if (isRefusal(outcome)) return refusalResponse(outcome);
  return acceptedResponse(platform, outcome, session);
}

async function accept(
  { platform, payloadBytes }: { platform: Platform; payloadBytes: number },
  message: { session: Session; token: string; options: RequestOptions; body: Buffer },
): Promise<Accepted | Refusal> {
  const { session, token, options, body } = message;
  const topic = `/${options.path.slice(1).join("/")}`;
  if (!session.sealing) {
    if (body.length > payloadBytes) return refuse("too_large", `${body.length} bytes`);
    return platform.uplink.accept(session, { topic, payload: body, qos: 1 });
  }
  const { key } = session.sealing;
  const seq = options.seq && parseSeq(openPayload(key, options.seq));
  const payload = body.length === 0 ? body : openPayload(key, body);
  // Judged before the number is taken: a spoiled message must not use one up.
  if (payload && payload.length > payloadBytes) return refuse("too_large", `${payload.length} bytes`);
  if (seq === undefined || !payload) return refuse("malformed", "sealed number or payload cannot be opened");
  const replayed = await platform.sessions.takeSequence(token, seq);
  return replayed ?? platform.uplink.accept(session, { topic, payload, qos: 1 });
}

/** The number of a message is decimal text inside the seal (wire-format 5.4). */
function parseSeq(text: Buffer | undefined): number | undefined {
  const digits = text?.toString("latin1") ?? "";
  const seq = /^\d{1,16}$/.test(digits) ? Number(digits) : Number.NaN;
  return Number.isSafeInteger(seq) ? seq : undefined;
}

function acceptedResponse({ recorder }: Platform, { messageId, reply }: Accepted, { sealing }: Session): Response {
  const fits = reply !== undefined && reply.payload.length <= REPLY_BYTES;
  if (reply && !fits) recorder.dropped(TRANSPORT, "reply_too_large");
  const plain = fits ? reply.payload : undefined;
  const payload = plain && sealing ? sealPayload(sealing.key, plain) : plain;
  return {
    code: "2.05",
    options: [{ name: MESSAGE_ID_OPTION, value: Buffer.from(messageId) }],
    ...(payload ? { payload } : {}),
  };
}
