import { Duplex } from "node:stream";
import type { RawData, WebSocket } from "ws";

/** Of the status codes of RFC 6455, 7.4.1. */
const UNSUPPORTED_DATA = 1003;

/** How long a client may take to answer a goodbye; nothing that it sends meanwhile is read. */
const CLOSE_WITHIN_MS = 1_000;

/**
 * The binary messages of a WebSocket as one stream of bytes: where one message ends and another begins says nothing. A text ends the
 * connection.
 */
export class WebSocketStream extends Duplex {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on("message", (data, isBinary) => this.#take(data, isBinary));
    socket.on("close", () => {
      if (this.readableEnded) this.destroy();
      else this.push(null);
    });
    socket.on("error", (error) => this.destroy(error));
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }

  /** Several packets that were written together leave in one message. */
  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(chunks.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    this.#socket.close(1000);
    done();
  }

  /** Says goodbye, since clients that lose the line without it may wait for it; whoever does not answer loses the line. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const socket = this.#socket;
    if (error || socket.readyState === socket.CLOSED) {
      socket.terminate();
    } else {
      const timer = setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS);
      socket.once("close", () => clearTimeout(timer));
      socket.resume();
      socket.close(1000);
    }
    done(error);
  }

  #take(data: RawData, isBinary: boolean): void {
    if (this.destroyed) return;
    if (!isBinary) {
      this.#socket.close(UNSUPPORTED_DATA, "binary messages only");
      return;
    }
    // The default `binaryType` gives one buffer.
    if (!this.push(data)) this.#socket.pause();
  }

  #send(bytes: Buffer, done: (error?: Error | null) => void): void {
    if (this.#socket.readyState === this.#socket.OPEN)
      this.#socket.send(bytes, { binary: true }, (error) => done(error ?? null));
    else done(new Error("the WebSocket is closed"));
  }
}
