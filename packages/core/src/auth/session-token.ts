import { createHash } from "node:crypto";
import { Secret } from "../certificate/secret.ts";
import type { Random } from "../ports/clock.ts";

const TOKEN_BYTES = 24;

/** Draws a token: 32 characters, 192 bits; SDKs hold up to 191 (wire-format 4.1, 5.2). */
export function drawSessionToken(random: Random): Secret {
  return new Secret(random.bytes(TOKEN_BYTES).toString("base64url"), "SessionToken");
}

/** What stores know of a token. The token is random, so a plain hash is enough. */
export function hashSessionToken(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
