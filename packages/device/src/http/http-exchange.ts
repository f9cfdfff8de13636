import { type ClientRequest, Agent as HttpAgent, type IncomingHttpHeaders, request as openHttp } from "node:http";
import { Agent as HttpsAgent, request as openHttps } from "node:https";
import type { ConnectionOptions } from "node:tls";
import { DeviceError } from "../device-error.ts";

/** Where a device's HTTP requests go. */
export interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
  /** Without it the line is in clear. */
  readonly tls?: ConnectionOptions | undefined;
}

/** A request as the device makes it. */
export interface HttpRequest {
  readonly method: "POST" | "GET" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Ends the request, and the connection with it. */
  readonly signal?: AbortSignal;
}

/** What came back. */
export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Requests over one connection that is kept. */
export interface HttpExchange {
  /** @throws DeviceError `closed` when the connection cannot be made or ends early. */
  request(request: HttpRequest): Promise<HttpReply>;
  close(): void;
}

/** Makes it; the connection is opened by the first request. */
export function createHttpExchange({ host, port, localAddress, tls }: HttpTarget): HttpExchange {
  const kept = { keepAlive: true, maxSockets: 1 };
  const agent = tls ? new HttpsAgent({ ...kept, ...tls }) : new HttpAgent(kept);
  const open = tls ? openHttps : openHttp;
  const unanswered = new Set<ClientRequest>();
  const target = { host, port, agent, ...(localAddress === undefined ? {} : { localAddress }) };
  return {
    request({ method, path, headers, body, signal }) {
      return new Promise((done, fail) => {
        const gone = (error: Error) => fail(new DeviceError("closed", error.message));
        const sent = body === undefined ? headers : { ...headers, "Content-Length": Buffer.byteLength(body) };
        const options = { ...target, method, path, headers: sent, ...(signal ? { signal } : {}) };
        const outgoing = open(options, (incoming) => {
          const parts: Buffer[] = [];
          incoming.on("data", (part: Buffer) => parts.push(part));
          incoming.on("end", () =>
            done({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(parts) }),
          );
          incoming.on("error", gone);
        });
        unanswered.add(outgoing);
        outgoing.on("error", gone);
        outgoing.on("close", () => unanswered.delete(outgoing));
        outgoing.end(body);
      });
    },
    close() {
      // The agent forgets those that wait for its connection.
      for (const outgoing of unanswered) outgoing.destroy();
      agent.destroy();
    },
  };
}
