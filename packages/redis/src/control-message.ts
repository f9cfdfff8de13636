import type { ControlCommand, ControlReply } from "@trine/core/ports";

const VERSION = 1;

/** What travels on the channels of the control bus, as JSON with the version of its format. */
export type ControlMessage =
  /** `id` and `from` are absent when nobody waits for the reply. */
  | {
      readonly kind: "command";
      readonly command: ControlCommand;
      readonly id?: number | undefined;
      readonly from?: string | undefined;
    }
  /** `reply` is absent when the handler failed. */
  | { readonly kind: "reply"; readonly id: number; readonly reply?: ControlReply | undefined }
  /** What a bus sends to itself to learn whether it receives. */
  | { readonly kind: "beat"; readonly beat: number };

export function encodeControlMessage(message: ControlMessage): string {
  return JSON.stringify({ v: VERSION, ...message });
}

/** Reads a message; `undefined` when it is of another version, or none. */
export function decodeControlMessage(text: string): ControlMessage | undefined {
  try {
    const { v, ...message } = JSON.parse(text) as { v: unknown } & ControlMessage;
    return v === VERSION ? message : undefined;
  } catch {
    return undefined;
  }
}
