import type { Refusal } from "@trine/core/auth";
import { maxAge } from "./max-age.ts";
import type { Response } from "./message-layer.ts";
import { RESPONSE_CODES } from "./response-code.ts";

/** Turns a refusal into a response: a code, never a payload (wire-format 5.8). */
export function refusalResponse({ code, retryAfterMs }: Refusal): Response {
  const answer = RESPONSE_CODES[code];
  if (answer !== "5.03" && answer !== "4.29") return { code: answer };
  return { code: answer, options: [maxAge(retryAfterMs)] };
}
