import { Agent, request } from "node:http";
import { DeviceError } from "../device-error.ts";

/** Where a device's HTTP requests go. */
export interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string;
}

/** What came back. */
export interface HttpReply {
  readonly status: number;
  readonly body: string;
}

/** Requests over one connection that is kept. */
export interface HttpExchange {
  /** @throws DeviceError `closed` when the connection cannot be made or ends early. */
  post(path: string, headers: Readonly<Record<string, string>>, body: string | Buffer): Promise<HttpReply>;
  close(): void;
}

/** Makes it; the connection is opened by the first request. */
export function createHttpExchange({ host, port, localAddress }: HttpTarget): HttpExchange {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const target = { host, port, agent, method: "POST", ...(localAddress === undefined ? {} : { localAddress }) };
  return {
    post(path, headers, body) {
      return new Promise((done, fail) => {
        const gone = (error: Error) => fail(new DeviceError("closed", error.message));
        const length = Buffer.byteLength(body);
        const outgoing = request({ ...target, path, headers: { ...headers, "Content-Length": length } }, (incoming) => {
          let text = "";
          incoming.setEncoding("utf8");
          incoming.on("data", (part: string) => {
            text += part;
          });
          incoming.on("end", () => done({ status: incoming.statusCode ?? 0, body: text }));
          incoming.on("error", gone);
        });
        outgoing.on("error", gone);
        outgoing.end(body);
      });
    },
    close() {
      agent.destroy();
    },
  };
}
