import { readFileSync } from "node:fs";
import { Secret } from "@trine/core/certificate";
import { StartError } from "@trine/runtime";

/** Shorter ones can be guessed. */
const LEAST_CHARACTERS = 32;

/**
 * Reads the key by which adapters believe what a front says that a channel proved.
 *
 * @param file absent: there is none.
 * @throws StartError when it cannot be read, or is too short.
 */
export function readProxyKey(file: string | undefined): Secret | undefined {
  if (file === undefined) return undefined;
  try {
    const text = readFileSync(file, "utf8").trim();
    if (text.length < LEAST_CHARACTERS) throw new Error(`it has fewer than ${LEAST_CHARACTERS} characters`);
    return new Secret(text, "ProxyKey");
  } catch (error) {
    throw new StartError(
      `cannot use the key in ${file} (TRINE_PROXY_KEY_FILE): ${(error as Error).message}; make one: openssl rand -base64 32`,
    );
  }
}
