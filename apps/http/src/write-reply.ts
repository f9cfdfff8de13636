import type { Duplex } from "node:stream";
import { comeAgainMs } from "@trine/core/auth";
import type { MailboxMessage } from "@trine/core/ports";
import type { FastifyReply } from "fastify";
import { REPLY_CODES, type ReplyCode } from "./reply-code.ts";

interface Manner {
  readonly status?: number;
  /** The connection ends with the answer. */
  readonly close?: boolean;
  readonly retryAfterMs?: number | undefined;
}

/**
 * Writes an answer past fastify's own writer: the C SDK compares the name `Content-Length` by case, does not read chunks, and has
 * room for 1 KB of head (wire-format 0.15).
 */
export function writeBody(reply: FastifyReply, body: string, manner: Manner = {}): void {
  const { status = 200, close = false, retryAfterMs = status === 503 ? comeAgainMs(Math.random) : undefined } = manner;
  const head = ["Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(body))];
  if (retryAfterMs !== undefined) head.push("Retry-After", String(Math.ceil(retryAfterMs / 1_000)));
  if (close) head.push("Connection", "close");
  reply.hijack();
  reply.raw.writeHead(status, head);
  reply.raw.end(body);
}

/** Writes a refusal. */
export function writeRefusal(
  reply: FastifyReply,
  { status, code, message }: ReplyCode,
  manner: Omit<Manner, "status"> = {},
): void {
  writeBody(reply, `{"code":${code},"message":"${message}"}`, { status, ...manner });
}

/** Writes a message from an application, as it is, with what tells it from a refusal: its id. */
export function writeMessage(reply: FastifyReply, { messageId, topic, payload }: MailboxMessage): void {
  const type = ["Content-Type", "application/octet-stream", "Content-Length", String(payload.length)];
  reply.hijack();
  reply.raw.writeHead(200, [...type, "x-message-id", messageId, "x-topic", headerText(topic)]);
  reply.raw.end(payload);
}

/** Says that there is no message. */
export function writeNothing(reply: FastifyReply): void {
  reply.hijack();
  reply.raw.writeHead(204, []);
  reply.raw.end();
}

/** Answers what was no request, and closes the connection: where the next one would begin, nobody knows. */
export function answerNoRequest(stream: Duplex): void {
  const { code, message } = REPLY_CODES.malformed;
  const body = `{"code":${code},"message":"${message}"}`;
  const head = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close`;
  stream.end(`HTTP/1.1 400 Bad Request\r\n${head}\r\n\r\n${body}`, () => stream.destroy());
}

/** Percent-encodes what a header cannot hold, and the percent sign itself; as in a path (wire-format 4.2). */
function headerText(text: string): string {
  return text.replace(/[^!-$&-~]+/g, (run) =>
    [...Buffer.from(run)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
