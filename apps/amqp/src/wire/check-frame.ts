import { AMQP_FRAME, DISPOSITION, readFrame, TRANSFER } from "./read-frame.ts";
import type { WireValue } from "./read-value.ts";

/** Why a frame of a client that signed in is not taken. */
export type FrameFault = "broken_frame" | "transfer" | "disposition_range";

/** Deliveries that one disposition may name: no link has as many out, and each of them costs a step. */
const MAX_DISPOSED = 4_096;

/** Looks at a frame before the library does: it has to be whole, hold no message, and name no more deliveries than there can be. */
export function checkFrame(bytes: Buffer): FrameFault | undefined {
  const frame = readFrame(bytes);
  if (frame?.type !== AMQP_FRAME) return "broken_frame";
  if (!frame.performative) return undefined;
  const { code, fields } = frame.performative;
  if (code === TRANSFER) return "transfer";
  return code === DISPOSITION && !isModest(fields) ? "disposition_range" : undefined;
}

function isModest([, first, last]: readonly WireValue[]): boolean {
  if (typeof first !== "number") return false;
  if (last === undefined || last === null) return true;
  return typeof last === "number" && last - first < MAX_DISPOSED;
}
