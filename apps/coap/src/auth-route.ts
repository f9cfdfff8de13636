import { isRefusal, refuse, type Session } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { Request, Response } from "./message-layer.ts";
import { parseAuthBody } from "./parse-auth-body.ts";
import { refusalResponse } from "./refusal-response.ts";
import { TRANSPORT } from "./transport.ts";

/** Answers `POST /auth` (wire-format 5.1, 5.2). */
export async function answerAuth(
  platform: Platform,
  request: Request,
  login: { body: Buffer; format: "json" | "cbor"; symmetric: boolean },
): Promise<Response> {
  const parsed = parseAuthBody(login.body, login.format);
  if (!parsed) return refusalResponse(refuse("malformed", "body of the login"));
  const { numbered, separateAck, ...claim } = parsed;
  if (separateAck) request.acknowledge();
  const outcome = await platform.authenticator.authenticate({
    ...claim,
    transport: TRANSPORT,
    peer: request.peer.address,
    keep: "token",
    sealedPayloads: login.symmetric || numbered,
  });
  return isRefusal(outcome) ? refusalResponse(outcome) : { code: "2.05", payload: loginReply(outcome) };
}

/** The order of the fields is that of the captured replies. */
function loginReply({ sealing, token }: Session): Buffer {
  const numbering = sealing ? { random: sealing.random, seqOffset: sealing.seqOffset } : {};
  return Buffer.from(JSON.stringify({ ...numbering, token: token?.text.reveal() }));
}
