import { once } from "node:events";
import { connect } from "node:net";

/** What became of bytes that were sent. */
export interface RawAnswer {
  readonly received: Buffer;
  /** The other side ended the connection. */
  readonly closed: boolean;
}

const WITHIN_MS = 3_000;

interface Exchange {
  /** Sent when as many bytes have come as `afterBytes`. */
  readonly later?: { readonly afterBytes: number; readonly bytes: Buffer } | undefined;
  /** Whether all has come that was waited for; default: only the end of the connection is waited for. */
  readonly isWhole?: (received: Buffer) => boolean;
}

/**
 * Sends bytes over a connection of their own, and waits until the other side ends it or all has come.
 *
 * @throws when neither happens within some seconds.
 */
export async function sendRaw(port: number, bytes: Buffer | string, exchange: Exchange = {}): Promise<RawAnswer> {
  const { later, isWhole = () => false } = exchange;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => undefined);
  let received: Buffer = Buffer.alloc(0);
  let closed = false;
  const late = setTimeout(() => socket.destroy(new Error("late")), WITHIN_MS);
  try {
    const ended = new Promise<void>((done) => {
      socket.on("data", (more) => {
        const before = received.length;
        received = Buffer.concat([received, more]);
        if (later && before < later.afterBytes && received.length >= later.afterBytes) socket.write(later.bytes);
        if (isWhole(received)) done();
      });
      socket.once("end", () => {
        closed = true;
        done();
      });
      socket.once("close", () => {
        closed = true;
        done();
      });
    });
    await once(socket, "connect").catch(() => undefined);
    socket.write(bytes);
    await ended;
    if (socket.errored?.message === "late")
      throw new Error(`nothing came of it; received: ${received.toString("hex")}`);
    return { received, closed };
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}
