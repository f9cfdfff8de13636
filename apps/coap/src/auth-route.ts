import { isRefusal, isX509Attempt, refuse, type Session } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { Request, Response } from "./message-layer.ts";
import { parseAuthBody } from "./parse-auth-body.ts";
import { refusalResponse } from "./refusal-response.ts";
import { transportOf } from "./transport.ts";

/** Answers `POST /auth` (wire-format 5.1, 5.2). Over DTLS too a device logs in, and gets a token and nothing else (wire-format 5.7). */
export async function answerAuth(
  platform: Platform,
  request: Request,
  login: { body: Buffer; format: "json" | "cbor"; symmetric: boolean },
): Promise<Response> {
  const { peer } = request;
  const from = { transport: transportOf(peer), peer: peer.address, keep: "token" } as const;
  const parsed = parseAuthBody(login.body, login.format, peer.secured?.session.proof);
  if (!parsed) return refusalResponse(refuse("malformed", "body of the login"));
  const { numbered, separateAck, claim } = parsed;
  if (separateAck) request.acknowledge();
  const sealedPayloads = !peer.secured && (login.symmetric || numbered);
  const attempt = "x509" in claim ? { ...claim, ...from } : { ...claim, ...from, sealedPayloads };
  const outcome = await platform.authenticator.authenticate(attempt);
  if (isRefusal(outcome)) return refusalResponse(outcome);
  peer.secured?.vouch(outcome.device);
  return { code: "2.05", payload: loginReply(outcome, isX509Attempt(attempt)) };
}

/** The order of the fields is that of the captured replies. A device that is known by its certificate may know its names from nowhere else. */
function loginReply({ sealing, token, device: { productKey, deviceName } }: Session, isByX509: boolean): Buffer {
  const numbering = sealing ? { random: sealing.random, seqOffset: sealing.seqOffset } : {};
  const names = isByX509 ? { productKey, deviceName } : {};
  return Buffer.from(JSON.stringify({ ...numbering, token: token?.text.reveal(), ...names }));
}
