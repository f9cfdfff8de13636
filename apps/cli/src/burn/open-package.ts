import { createReadStream, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { Decrypter } from "age-encryption";
import { CliError } from "../api-client.ts";

/** A device certificate as a package holds it. */
export interface Triple {
  readonly productKey: string;
  readonly deviceName: string;
  readonly deviceSecret: string;
}

/** A package in clear: in memory only, never on a disk. */
export interface OpenPackage {
  readonly packageId: string;
  readonly batchId: string;
  readonly productKey: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  /** Ed25519 private key for receipts, raw in base64url. */
  readonly receiptKey: string;
  readonly triples: readonly Triple[];
}

const FORMAT = "trine-package/1";

/**
 * Decrypts a package with the factory's private key.
 *
 * @throws CliError when the file is no package, or not for this key.
 */
export async function openPackage(file: string, identityFile: string): Promise<OpenPackage> {
  const decrypter = new Decrypter();
  try {
    decrypter.addIdentity(readIdentity(identityFile));
    const clear = await decrypter.decrypt(Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>);
    const lines = createInterface({ input: Readable.fromWeb(clear as never), crlfDelay: Number.POSITIVE_INFINITY });
    return await readPackage(lines[Symbol.asyncIterator]());
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`cannot open ${file} with ${identityFile}: ${(error as Error).message}`);
  }
}

async function readPackage(lines: AsyncIterator<string>): Promise<OpenPackage> {
  const { value: first } = await lines.next();
  const { format, count, ...head } = JSON.parse(first ?? "{}") as OpenPackage & { format?: string; count: number };
  if (format !== FORMAT)
    throw new CliError(`it is no ${FORMAT}: this program is older than the gateway, or the file is another`);
  const triples: Triple[] = [];
  for (let line = await lines.next(); !line.done; line = await lines.next())
    triples.push({ productKey: head.productKey, ...(JSON.parse(line.value) as Omit<Triple, "productKey">) });
  if (triples.length !== count) throw new CliError(`the package has ${triples.length} devices and not ${count}`);
  return { ...head, triples };
}

/** A file as `age-keygen` and `trine burn keygen` write it: comments, and one line with the key. */
function readIdentity(file: string): string {
  const lines = readFileSync(file, "utf8").split("\n");
  const identity = lines.map((line) => line.trim()).find((line) => line.startsWith("AGE-SECRET-KEY-"));
  if (!identity) throw new CliError(`${file} holds no private key: a line that begins with AGE-SECRET-KEY-`);
  return identity;
}
