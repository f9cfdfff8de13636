import { readFileSync } from "node:fs";

/** One made-up identity, or one captured exchange, with what must come out of it. README.md explains every field. */
export interface Vector {
  readonly id: string;
  readonly group: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Hash of the HMAC. */
  readonly hmac?: VectorHash;
  /** Which secret is the key, in words. */
  readonly keyName?: string;
  /** The key; its ASCII bytes are what counts. */
  readonly key?: string;
  readonly signedParams?: Readonly<Record<string, string>>;
  readonly stringToSign?: string;
  /** What the device says its signature is, where it lies (the negative vector). */
  readonly declared?: string;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Which code made it. */
  readonly obtained: string;
  /** Which implementations agree on it. */
  readonly checked: readonly string[];
}

export type VectorHash = "md5" | "sha1" | "sha256";

/** A vector that states every part of its signature, from the fields to the string to sign. */
export type SignedVector = Vector & Required<Pick<Vector, "hmac" | "key" | "signedParams" | "stringToSign">>;

export interface VectorFile {
  readonly meta: {
    readonly generated: string;
    readonly note: string;
    /** The made-up devices that most vectors are about. */
    readonly identities: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly constants: Readonly<Record<string, string>>;
  };
  readonly vectors: readonly Vector[];
}

/** Reads `vectors.json` beside this package's manifest. */
export function loadVectors(): VectorFile {
  // One folder below the package's root, as source and as built file alike.
  const file = JSON.parse(readFileSync(new URL("../vectors.json", import.meta.url), "utf8")) as VectorFile;
  return { ...file, vectors: file.vectors.map(withTexts) };
}

/**
 * Finds a vector by its id.
 *
 * @throws when there is none: a test that names a vector must not pass without it.
 */
export function findVector(id: string): Vector {
  const vector = loadVectors().vectors.find((candidate) => candidate.id === id);
  if (!vector) throw new Error(`there is no vector ${id}`);
  return vector;
}

/** Whether the vector states every part of its signature. */
export function isSigned(vector: Vector): vector is SignedVector {
  const { hmac, key, signedParams, stringToSign } = vector;
  return hmac !== undefined && key !== undefined && signedParams !== undefined && stringToSign !== undefined;
}

// By the names that the protocols give it on their wires.
const MAC_OUTPUTS = ["password", "sign", "x-auth-param-sign", "pskAsciiHex", "Signature"];

/** The MAC that must come out, as text: hex of either case, or base64 in the groups `amqp` and `cloud-rpc`. */
export function macOf({ outputs }: Vector): string | undefined {
  const name = MAC_OUTPUTS.find((candidate) => typeof outputs[candidate] === "string");
  return name === undefined ? undefined : String(outputs[name]);
}

/** A signed field is text on every wire; the file holds one as a number. */
function withTexts(vector: Vector): Vector {
  const { signedParams } = vector;
  if (!signedParams) return vector;
  const texts = Object.entries(signedParams).map(([name, value]) => [name, String(value)]);
  return { ...vector, signedParams: Object.fromEntries(texts) };
}
