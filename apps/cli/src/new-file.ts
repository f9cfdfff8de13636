import { closeSync, openSync, writeSync } from "node:fs";
import { CliError } from "./api-client.ts";

/**
 * Opens a file for secrets: for the owner's eyes only, and in nobody's place.
 *
 * @returns its descriptor.
 * @throws CliError when it is there already, or cannot be written.
 */
export function openNewFile(file: string): number {
  try {
    return openSync(file, "wx", 0o600);
  } catch (error) {
    throw new CliError(`cannot write ${file}: ${(error as Error).message}`);
  }
}

/** Writes a file of secrets whole. @throws CliError as `openNewFile`. */
export function writeNewFile(file: string, text: string): void {
  const fd = openNewFile(file);
  writeSync(fd, text);
  closeSync(fd);
}
