import { comeAgainMs } from "@trine/core/auth";
import type { NamedOption } from "coap-packet";
import { uintOption } from "./options.ts";

/** The option that says after which time to come again (RFC 7252 5.9.3.4). */
export function maxAge(retryAfterMs = comeAgainMs(Math.random)): NamedOption {
  return { name: "Max-Age", value: uintOption(Math.ceil(retryAfterMs / 1_000)) };
}
