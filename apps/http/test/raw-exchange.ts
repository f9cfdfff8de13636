import { connect, type Socket } from "node:net";
import { connect as secure } from "node:tls";
import { GATEWAY } from "./an-ingress.ts";

/** What came back, as bytes on the wire read as latin1. */
export interface RawReply {
  readonly raw: string;
  readonly head: string;
  readonly body: string;
  /** The code in the body; `"closed"` when the connection ended without an answer. */
  readonly code: string;
}

/** How bytes get to the gateway. */
export const CHANNELS = ["HTTP", "HTTPS"] as const;

export type Channel = (typeof CHANNELS)[number];

/** Opens a connection; what is written meanwhile waits. */
export function open(port: number, channel: Channel = "HTTP", localAddress = "127.0.0.1"): Socket {
  const where = { port, host: "127.0.0.1", localAddress };
  if (channel === "HTTP") return connect(where);
  return secure({ ...where, ca: GATEWAY.pem, checkServerIdentity: () => undefined });
}

/** Sends bytes over a connection of their own and reads one answer, up to its Content-Length or the end of the connection. */
export function exchange(port: number, request: string | Buffer, channel: Channel = "HTTP"): Promise<RawReply> {
  return new Promise((done) => {
    const socket = open(port, channel);
    let raw = "";
    const finish = () => {
      socket.destroy();
      done(readReply(raw));
    };
    socket.on("data", (bytes) => {
      raw += bytes.toString("latin1");
      if (isWhole(raw)) finish();
    });
    // An answer that came before the reset counts.
    socket.on("error", () => undefined);
    socket.on("close", finish);
    socket.write(request);
  });
}

type Headers = Readonly<Record<string, string>>;

/** A request with a body, as the C SDK writes it. */
export function post(path: string, headers: Headers, body: string | Buffer = ""): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(ask("POST", path, { ...headers, "Content-Length": String(bytes.length) })), bytes]);
}

/** A request without a body. */
export function ask(method: string, path: string, headers: Headers): string {
  const lines = Object.entries({ Host: "127.0.0.1", ...headers });
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}:${value}\r\n`).join("")}\r\n`;
}

function isWhole(raw: string): boolean {
  const end = raw.indexOf("\r\n\r\n");
  const length = raw.startsWith("HTTP/1.1 204 ") ? 0 : /^content-length: (\d+)/im.exec(raw)?.[1];
  return end >= 0 && length !== undefined && raw.length >= end + 4 + Number(length);
}

function readReply(raw: string): RawReply {
  const [head = "", body = ""] = raw.split("\r\n\r\n", 2);
  return { raw, head, body, code: /"code":(\d+)/.exec(body)?.[1] ?? "closed" };
}
