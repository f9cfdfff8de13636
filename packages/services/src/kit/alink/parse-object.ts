import { deviceText } from "@trine/core/messaging";

/** A JSON object as a device sent it: its text, and what it says. */
export interface ParsedObject {
  readonly text: string;
  readonly members: Readonly<Record<string, unknown>>;
}

/** Parses a payload; `undefined` when it is no JSON object. */
export function parseObject(payload: Buffer): ParsedObject | undefined {
  const text = deviceText(payload);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? { text, members: value as Record<string, unknown> }
      : undefined;
  } catch {
    return undefined;
  }
}
