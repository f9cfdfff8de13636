import type { FastifyRequest } from "fastify";

/** The address of who sent a request, as trusted proxies tell it; `unknown` once the connection has been reset, which Fastify's type leaves out. */
export function peerOf({ ip }: { readonly ip: FastifyRequest["ip"] | undefined }): string {
  return ip ?? "unknown";
}
