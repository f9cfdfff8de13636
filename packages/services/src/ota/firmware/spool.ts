import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { Measured } from "./firmware-files.ts";

/**
 * Writes a file and measures it on the way; synced to the disk when it resolves. What was written stays behind when it fails, or is too large:
 * the caller removes it.
 *
 * @param most bytes; reading stops beyond them.
 */
export async function spool(
  path: string,
  source: AsyncIterable<Uint8Array>,
  most: number,
): Promise<Measured | "too_large"> {
  const md5 = createHash("md5");
  const sha256 = createHash("sha256");
  let size = 0;
  const file = await open(path, "wx", 0o600);
  try {
    for await (const bytes of source) {
      size += bytes.length;
      if (size > most) return "too_large";
      md5.update(bytes);
      sha256.update(bytes);
      await file.appendFile(bytes);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { size, md5: md5.digest("hex"), sha256: sha256.digest("hex") };
}
