import { Duplex } from "node:stream";
import { createIdentityReader } from "./identity-reader.ts";

/**
 * Stands between a connection and its TLS until the client has said which pre-shared key it means: its ClientKeyExchange goes on only when
 * that key was looked up, since TLS asks for the key in the middle of a computation and cannot wait for an answer. After that bytes pass as
 * they come.
 */
export class PskGate extends Duplex {
  readonly #inner: Duplex;
  readonly #lookUp: (identity: string | undefined) => Promise<void>;
  #read: ReturnType<typeof createIdentityReader> | undefined = createIdentityReader();
  #isLookingUp = false;
  #hasEnded = false;

  /** @param lookUp gets the identity, or nothing when none can be read. When it fails, so does the connection. */
  constructor(inner: Duplex, lookUp: (identity: string | undefined) => Promise<void>) {
    super({ allowHalfOpen: inner.allowHalfOpen });
    this.#inner = inner;
    this.#lookUp = lookUp;
    inner.on("readable", () => this.#pump());
    inner.on("end", () => {
      this.#hasEnded = true;
      if (!this.#isLookingUp) this.push(null);
    });
    inner.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#pump();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#inner.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#inner.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inner.destroy();
    done(error);
  }

  /** Moves what there is, as long as it is wanted. */
  #pump(): void {
    while (!this.#isLookingUp) {
      const chunk: Buffer | null = this.#inner.read();
      if (chunk === null || !this.#take(chunk)) return;
    }
  }

  /** @returns whether more is wanted. */
  #take(chunk: Buffer): boolean {
    if (!this.#read) return this.push(chunk);
    const progress = this.#read(chunk);
    if (progress.is === "reading") {
      for (const record of progress.pass) this.push(record);
      return true;
    }
    this.#read = undefined;
    this.#isLookingUp = true;
    this.#lookUp(progress.identity).then(
      () => this.#goOn(progress.rest),
      (error: Error) => this.destroy(error),
    );
    return false;
  }

  #goOn(rest: Buffer): void {
    this.#isLookingUp = false;
    const wantsMore = this.push(rest);
    if (this.#hasEnded) this.push(null);
    else if (wantsMore) this.#pump();
  }
}
