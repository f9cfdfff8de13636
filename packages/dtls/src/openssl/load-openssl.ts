import type { OpenSsl, Pointer } from "./symbols.ts";
import { bindOpenSsl } from "./symbols.ts";

/** OpenSSL as it is built into this node, and the way to let it call back. */
export interface LoadedOpenSsl {
  readonly openSsl: OpenSsl;
  /** Makes a function that OpenSSL can call, for as long as the process lives. */
  callback(
    signature: readonly [result: string, parameters: readonly string[]],
    work: (...args: (Pointer | number)[]) => number,
  ): Pointer;
  /** Copies bytes to an address. */
  copyTo(address: Pointer, bytes: Buffer): void;
}

/**
 * Finds OpenSSL in this process.
 *
 * Never a library of the system beside it: its calls would bind to node's symbols, and crash.
 *
 * @throws when node was built without it, or with another library in its place, or the platform has no way to call it.
 */
export async function loadOpenSsl(): Promise<LoadedOpenSsl> {
  const version = process.versions["openssl"] ?? "";
  if (Number(version.split(".")[0]) < 3) throw new Error(`OpenSSL 3 is needed, this node has ${version || "none"}`);
  const koffi = await import("koffi");
  const openSsl = bindOpenSsl(koffi.load(null));
  const byteArray = (length: number) => koffi.array("uint8_t", length);
  return {
    openSsl,
    callback: ([result, parameters], work) => koffi.register(work, koffi.pointer(koffi.proto(result, [...parameters]))),
    copyTo: (address, bytes) => koffi.encode(address, byteArray(bytes.length), bytes),
  };
}
