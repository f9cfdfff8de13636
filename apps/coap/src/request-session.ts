import { isRefusal, type Refusal, refuse, type Session } from "@trine/core/auth";
import { deviceKey, openPayload } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";
import type { Request } from "./message-layer.ts";
import type { RequestOptions } from "./options.ts";
import { peerKey } from "./peer.ts";
import { transportOf } from "./transport.ts";

/** The session that a request's token stands for. */
export async function resumeSession(
  { sessions }: Platform,
  { peer }: Request,
  { token = "" }: RequestOptions,
): Promise<Session | Refusal> {
  const session = await sessions.resume(token, { transport: transportOf(peer), peer: peer.address });
  if (isRefusal(session)) return session;
  const opener = peer.secured?.session.proof;
  // Whoever holds the key of one device has no business with the token of another.
  if (opener?.kind === "psk" && deviceKey(opener.device) !== deviceKey(session.device))
    return refuse("token_invalid", `the channel was opened by ${deviceKey(opener.device)}`);
  peer.secured?.vouch(session.device);
  return session;
}

/** What a request says, in clear; `undefined` when it is not sealed as its session demands (wire-format 5.4). */
export function openBody({ sealing }: Session, body: Buffer): Buffer | undefined {
  return sealing && body.length > 0 ? openPayload(sealing.key, body) : body;
}

/**
 * Takes the sealed number of a request of a session with numbers, for this one datagram (wire-format 5.6).
 *
 * @returns the id that the datagram got when it first came, on whichever node, and whether that was before.
 */
export async function takeNumber(
  { sessions }: Platform,
  { packet, peer }: Request,
  { session, options }: { session: Session; options: RequestOptions },
): Promise<{ readonly messageId: string; readonly isRepeat: boolean } | Refusal> {
  const { token = "", seq: sealed } = options;
  const seq = sealed && session.sealing && parseSeq(openPayload(session.sealing.key, sealed));
  if (seq === undefined) return refuse("malformed", "sealed number cannot be opened");
  return sessions.takeSequence(token, seq, `${peerKey(peer)}/${packet.messageId}`);
}

/** The number of a message is decimal text inside the seal (wire-format 5.4). */
function parseSeq(text: Buffer | undefined): number | undefined {
  const digits = text?.toString("latin1") ?? "";
  const seq = /^\d{1,16}$/.test(digits) ? Number(digits) : Number.NaN;
  return Number.isSafeInteger(seq) ? seq : undefined;
}
