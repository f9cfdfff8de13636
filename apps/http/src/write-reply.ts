import type { MailboxMessage } from "@trine/core/ports";
import type { FastifyReply } from "fastify";
import type { ReplyCode } from "./reply-code.ts";

/** After which time a device may ask again when a store is down. */
const RETRY_AFTER_SECONDS = "2";

/**
 * Writes an answer past fastify's own writer: the C SDK compares the name `Content-Length` by case, does not read chunks, and has
 * room for 1 KB of head (wire-format 0.15).
 */
export function writeBody(reply: FastifyReply, body: string, options: { status?: number; close?: boolean } = {}): void {
  const { status = 200, close = false } = options;
  const head = ["Content-Type", "application/json", "Content-Length", String(Buffer.byteLength(body))];
  if (status === 503) head.push("Retry-After", RETRY_AFTER_SECONDS);
  if (close) head.push("Connection", "close");
  takeOver(reply);
  reply.raw.writeHead(status, head);
  reply.raw.end(body);
}

/** Writes a refusal. */
export function writeRefusal(
  reply: FastifyReply,
  { status, code, message }: ReplyCode,
  options: { close?: boolean } = {},
): void {
  writeBody(reply, `{"code":${code},"message":"${message}"}`, { status, ...options });
}

/** Writes a message from an application, as it is, with what tells it from a refusal: its id. */
export function writeMessage(reply: FastifyReply, { messageId, topic, payload }: MailboxMessage): void {
  const type = ["Content-Type", "application/octet-stream", "Content-Length", String(payload.length)];
  takeOver(reply);
  reply.raw.writeHead(200, [...type, "x-message-id", messageId, "x-topic", headerText(topic)]);
  reply.raw.end(payload);
}

/** Says that there is no message. */
export function writeNothing(reply: FastifyReply): void {
  takeOver(reply);
  reply.raw.writeHead(204, []);
  reply.raw.end();
}

/** Takes the answer from fastify. While the adapter stops, the connection ends with it. */
function takeOver(reply: FastifyReply): void {
  if (!reply.server.server.listening) reply.raw.shouldKeepAlive = false;
  reply.hijack();
}

/** Percent-encodes what a header cannot hold, and the percent sign itself; as in a path (wire-format 4.2). */
function headerText(text: string): string {
  return text.replace(/[^!-$&-~]+/g, (run) =>
    [...Buffer.from(run)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join(""),
  );
}
