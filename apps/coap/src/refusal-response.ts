import type { Refusal } from "@trine/core/auth";
import type { Response } from "./message-layer.ts";
import { uintOption } from "./options.ts";
import { RESPONSE_CODES, RETRY_AFTER_SECONDS } from "./response-code.ts";

/** Turns a refusal into a response: a code, never a payload (wire-format 5.8). */
export function refusalResponse({ code, retryAfterMs }: Refusal): Response {
  const answer = RESPONSE_CODES[code];
  if (answer !== "5.03" && answer !== "4.29") return { code: answer };
  const seconds = retryAfterMs === undefined ? RETRY_AFTER_SECONDS : Math.ceil(retryAfterMs / 1_000);
  return { code: answer, options: [{ name: "Max-Age", value: uintOption(seconds) }] };
}
