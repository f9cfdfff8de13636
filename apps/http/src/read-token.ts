import type { FastifyRequest } from "fastify";

/** What a device presents: the header `password` (wire-format 4.2), empty when there is none. */
export function readToken({ headers }: FastifyRequest): string {
  const { password = "" } = headers;
  return Array.isArray(password) ? (password[0] ?? "") : password;
}
