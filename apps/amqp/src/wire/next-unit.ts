import type { Duplex } from "node:stream";
import type { ByteUnits, UnitFault, UnitKind } from "./byte-units.ts";

/**
 * Waits for the next unit of a connection. Nothing is read ahead of it, so that who does not read slows the peer down.
 *
 * @returns `closed` when the stream or the signal ends first.
 */
export async function nextUnit(
  { stream, units }: { stream: Duplex; units: ByteUnits },
  kind: UnitKind,
  signal: AbortSignal,
): Promise<Buffer | UnitFault | "closed"> {
  for (;;) {
    const unit = units.next(kind);
    if (unit !== undefined) return unit;
    if (signal.aborted || stream.destroyed || stream.readableEnded) return "closed";
    const chunk = stream.read() as Buffer | null;
    if (chunk) units.push(chunk);
    else await untilReadable(stream, signal);
  }
}

function untilReadable(stream: Duplex, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      for (const event of EVENTS) stream.off(event, end);
      signal.removeEventListener("abort", end);
      done();
    };
    for (const event of EVENTS) stream.on(event, end);
    signal.addEventListener("abort", end);
  });
}

const EVENTS = ["readable", "end", "close", "error"] as const;
