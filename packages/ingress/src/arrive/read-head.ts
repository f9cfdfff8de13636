/** Longest head of a request that is looked into. */
const MAX_HEAD_BYTES = 8_192;

const END = "\r\n\r\n";

/** What an HTTP request asks for. `unknown`: its head is too long to be looked into. */
export type Asks = "webSocket" | "http" | "unknown";

/**
 * Tells whether a request asks for a WebSocket (RFC 6455, 4.1).
 *
 * @returns `undefined` while its head is not whole.
 */
export function readHead(seen: Buffer): Asks | undefined {
  const text = seen.toString("latin1", 0, MAX_HEAD_BYTES);
  const end = text.indexOf(END);
  if (end < 0) return seen.length < MAX_HEAD_BYTES ? undefined : "unknown";
  const lines = text.slice(0, end).split("\r\n");
  return lines.some(asksForWebSocket) ? "webSocket" : "http";
}

/** Compared whole, not by an expression that could be made to look for long. */
function asksForWebSocket(line: string): boolean {
  const colon = line.indexOf(":");
  return (
    line.slice(0, colon).toLowerCase() === "upgrade" &&
    line
      .slice(colon + 1)
      .trim()
      .toLowerCase() === "websocket"
  );
}
