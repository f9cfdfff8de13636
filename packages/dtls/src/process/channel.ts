import type { Duplex } from "node:stream";
import { createFrameReader, type Frame, writeFrame, writeJsonFrame } from "./frames.ts";

/** One end of the stream between the two processes. */
export interface Channel {
  /** @returns false when the other end is so far behind that the frame was thrown away, as a network does with a datagram. */
  sendBytes(kind: number, id: number, payload: Buffer): boolean;
  /** Never thrown away. */
  sendJson(kind: number, id: number, value: unknown): void;
  /** Lets go of the stream when everything is written. */
  end(): void;
}

// What may wait for a process that does not read.
const MAX_WAITING_BYTES = 8_388_608;

/**
 * Opens an end. What is sent within one turn of the event loop goes out with one system call.
 *
 * @param on.closed is called once, when the other end is gone.
 */
export function openChannel(stream: Duplex, on: { frame(frame: Frame): void; closed(): void }): Channel {
  const read = createFrameReader();
  let waiting: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => {
    for (const frame of read(chunk)) on.frame(frame);
  });
  stream.on("error", ignore);
  stream.on("close", on.closed);

  function queue(frame: Buffer): void {
    if (waiting.length === 0) setImmediate(flush);
    waiting.push(frame);
  }

  function flush(): void {
    const frames = waiting;
    waiting = [];
    if (stream.writable && frames.length > 0) stream.write(Buffer.concat(frames));
  }

  return {
    sendBytes(kind, id, payload) {
      if (stream.writableLength > MAX_WAITING_BYTES) return false;
      queue(writeFrame({ kind, id, payload }));
      return true;
    },
    sendJson: (kind, id, value) => queue(writeJsonFrame(kind, id, value)),
    end() {
      flush();
      stream.end();
    },
  };
}

/** Its `close` follows. */
function ignore(): void {}

/** The value of a frame that is JSON. The other end is our own program. */
export function readJson<T>({ payload }: Frame): T {
  return JSON.parse(payload.toString("utf8")) as T;
}
