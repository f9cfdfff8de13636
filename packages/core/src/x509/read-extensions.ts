import {
  bodyOf,
  type DerElement,
  DerError,
  partsOf,
  readBoolean,
  readOid,
  readOnly,
  readSmallInteger,
  TAG,
} from "./der.ts";

/** What a certificate may be used for (RFC 5280 4.2.1). */
export interface X509Extensions {
  /** It may sign other certificates. */
  readonly isAuthority: boolean;
  /** How many others may stand between it and a device's, as it says itself. */
  readonly pathLength?: number;
  /** Uses of its key, by the numbers of the bits; absent: any. */
  readonly keyUsage?: readonly number[];
  /** Purposes, as object identifiers; absent: any. */
  readonly purposes?: readonly string[];
  /** Names of the kind URI. */
  readonly uris: readonly string[];
  /** Extensions that must be understood, and are not. */
  readonly unknownCritical: readonly string[];
}

/** Of a certificate without any. */
export const NO_EXTENSIONS: X509Extensions = { isAuthority: false, uris: [], unknownCritical: [] };

type Reader = (value: Buffer) => Partial<X509Extensions>;

const READERS: Readonly<Record<string, Reader>> = {
  "2.5.29.19": readBasicConstraints,
  "2.5.29.15": (value) => ({ keyUsage: readBits(bodyOf(readOnly(value, TAG.bitString), TAG.bitString)) }),
  "2.5.29.37": (value) => ({ purposes: partsOf(readOnly(value, TAG.sequence), TAG.sequence).map(readOid) }),
  "2.5.29.17": (value) => ({ uris: partsOf(readOnly(value, TAG.sequence), TAG.sequence).flatMap(readUri) }),
};

/** Reads the list of extensions. @throws DerError */
export function readExtensions(list: DerElement): X509Extensions {
  const read: Partial<X509Extensions>[] = [];
  const unknownCritical: string[] = [];
  const seen = new Set<string>();
  for (const extension of partsOf(list, TAG.sequence)) {
    const { oid, critical, value } = readExtension(extension);
    // RFC 5280 4.2: none comes twice.
    if (seen.has(oid)) throw new DerError("an extension is there twice");
    seen.add(oid);
    const reader = READERS[oid];
    if (reader) read.push(reader(value));
    else if (critical) unknownCritical.push(oid);
  }
  return Object.assign({}, NO_EXTENSIONS, ...read, { unknownCritical });
}

function readExtension(extension: DerElement): { oid: string; critical: boolean; value: Buffer } {
  const [id, ...rest] = partsOf(extension, TAG.sequence);
  const flag = rest.length > 1 ? rest.shift() : undefined;
  if (rest.length !== 1) throw new DerError("no extension");
  return {
    oid: readOid(id),
    critical: flag ? readBoolean(flag) : false,
    value: bodyOf(rest[0], TAG.octetString),
  };
}

function readBasicConstraints(value: Buffer): Partial<X509Extensions> {
  const [flag, length, ...more] = partsOf(readOnly(value, TAG.sequence), TAG.sequence);
  if (more.length > 0) throw new DerError("no basic constraints");
  return {
    isAuthority: flag ? readBoolean(flag) : false,
    ...(length ? { pathLength: readSmallInteger(length) } : {}),
  };
}

/** The numbers of the bits that are set: the first byte says how many at the end do not count. */
function readBits(body: Buffer): readonly number[] {
  const bits = [...body.subarray(1)].flatMap((byte, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => byte & (0x80 >> bit)).map((bit) => at * 8 + bit),
  );
  if (body.length === 0) throw new DerError("no bits");
  return bits;
}

function readUri({ tag, body }: DerElement): readonly string[] {
  return tag === TAG.contextPrimitive(6) ? [body.toString("latin1")] : [];
}
