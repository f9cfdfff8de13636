import { connect } from "node:net";

/** What came back, as bytes on the wire read as latin1. */
export interface RawReply {
  readonly raw: string;
  readonly head: string;
  readonly body: string;
  /** The code in the body; `"closed"` when the connection ended without an answer. */
  readonly code: string;
}

/** Sends bytes over a connection of their own and reads one answer, up to its Content-Length or the end of the connection. */
export function exchange(port: number, request: string | Buffer): Promise<RawReply> {
  return new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1" });
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

/** A request as the C SDK writes it. */
export function post(path: string, headers: Readonly<Record<string, string>>, body: string | Buffer = ""): Buffer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ Host: "127.0.0.1", ...headers, "Content-Length": bytes.length });
  const head = lines.map(([name, value]) => `${name}:${value}\r\n`).join("");
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`), bytes]);
}

function isWhole(raw: string): boolean {
  const end = raw.indexOf("\r\n\r\n");
  const length = /^content-length: (\d+)/im.exec(raw)?.[1];
  return end >= 0 && length !== undefined && raw.length >= end + 4 + Number(length);
}

function readReply(raw: string): RawReply {
  const [head = "", body = ""] = raw.split("\r\n\r\n", 2);
  return { raw, head, body, code: /"code":(\d+)/.exec(body)?.[1] ?? "closed" };
}
