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
  reply.hijack();
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
