import { createHash } from "node:crypto";
import type { Session } from "@trine/core/auth";
import { sealPayload } from "@trine/core/certificate";
import type { MailboxMessage } from "@trine/core/ports";

/** What an answer carries, whole. */
export interface Body {
  readonly bytes: Buffer;
  readonly contentFormat: number;
  /** Tells two bodies of one resource apart while one of them is fetched in blocks (RFC 7959 2.4). */
  readonly etag: Buffer;
}

/** The body of a message of the mailbox; nothing waits where it names none. */
export interface MessageBody extends Body {
  readonly messageId?: string;
}

// Content-Formats 50, JSON, and 42, octets: what is sealed can be read as neither.
const JSON_FORMAT = 50;
const OCTETS_FORMAT = 42;
const ETAG_BYTES = 8;

/** A message of the mailbox as a device reads it (wire-format 12.1). */
export function messageFields({ messageId, topic, payload }: MailboxMessage): object {
  return { messageId, topic, payload: payload.toString("base64") };
}

/** The next message of the mailbox, or `{}`. */
export function messageBody(session: Session, message: MailboxMessage | undefined): MessageBody {
  if (!message) return jsonBody(session, {});
  return { ...jsonBody(session, messageFields(message)), messageId: message.messageId };
}

/** JSON for a device, sealed where its session seals payloads. */
export function jsonBody({ sealing }: Session, value: unknown): Body {
  const json = Buffer.from(JSON.stringify(value));
  const bytes = sealing ? sealPayload(sealing.key, json) : json;
  const etag = createHash("sha256").update(bytes).digest().subarray(0, ETAG_BYTES);
  return { bytes, contentFormat: sealing ? OCTETS_FORMAT : JSON_FORMAT, etag };
}
