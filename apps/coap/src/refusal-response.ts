import type { Refusal } from "@trine/core/auth";
import type { Response } from "./message-layer.ts";
import { RESPONSE_CODES, RETRY_AFTER_SECONDS } from "./response-code.ts";

/** Turns a refusal into a response: a code, never a payload (wire-format 5.8). */
export function refusalResponse({ code }: Refusal): Response {
  const answer = RESPONSE_CODES[code];
  const wait = answer === "5.03" || answer === "4.29";
  return wait
    ? { code: answer, options: [{ name: "Max-Age", value: Buffer.of(RETRY_AFTER_SECONDS) }] }
    : { code: answer };
}
