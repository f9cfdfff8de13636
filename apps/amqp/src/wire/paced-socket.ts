import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import type { EngineSocket } from "./engine.ts";
import { hangUp } from "./hang-up.ts";

/** What the sending side tells. */
export interface PaceListener {
  /** Time in which a client that is sent more than it takes has to catch up. */
  readonly slowMs: number;
  /** What had to wait may go on. */
  unblocked(): void;
  /** The client did not catch up. */
  slow(): void;
}

/** A stream behind what the library takes for a socket, with an eye on whether the client reads. */
export class PacedSocket extends EventEmitter implements EngineSocket {
  readonly #stream: Duplex;
  readonly #listener: PaceListener;
  #patience: NodeJS.Timeout | undefined;

  constructor(stream: Duplex, listener: PaceListener) {
    super();
    this.#stream = stream;
    this.#listener = listener;
    stream.on("drain", () => {
      this.#calm();
      listener.unblocked();
    });
    stream.on("close", () => this.#calm());
  }

  /** Whether more waits to be sent than should. */
  get isBlocked(): boolean {
    return this.#patience !== undefined;
  }

  /** Hands over what came in. */
  receive(bytes: Buffer): void {
    this.emit("data", bytes);
  }

  write(bytes: Buffer): void {
    if (!this.#stream.writable || this.#stream.write(bytes)) return;
    this.#patience ??= setTimeout(() => this.#listener.slow(), this.#listener.slowMs);
  }

  end(): void {
    hangUp(this.#stream);
  }

  destroy(): void {
    this.#stream.destroy();
  }

  get_id_string(): string {
    return "";
  }

  #calm(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
  }
}
