import type { ParsedPacket } from "coap-packet";

/** The options of a request that the adapter reads, by meaning. */
export interface RequestOptions {
  readonly path: readonly string[];
  readonly token: string | undefined;
  /** Sealed number of the message: bytes from the option, or hex text from the query, decoded. */
  readonly seq: Buffer | undefined;
  readonly contentFormat: number | undefined;
  readonly accept: number | undefined;
  readonly block1: Buffer | undefined;
  readonly block2: Buffer | undefined;
  /** RFC 7641 2: 0 registers, 1 deregisters. */
  readonly observe: number | undefined;
  /** A critical option that nobody here understands (RFC 7252 5.4.1). */
  readonly unknownCritical: boolean;
}

/** Numbers of the device protocol's own options (wire-format 5.5). */
const TOKEN = ["61", "2088"];
const SEQ = ["62", "2089"];
export const MESSAGE_ID_OPTION = "2090";

// Critical ones whose meaning is served, or is fulfilled by serving the request here, with the bytes that each may have.
const UNDERSTOOD = new Map([
  ["Uri-Host", 255],
  ["Uri-Port", 2],
  ["Uri-Path", 255],
  ["Uri-Query", 255],
  ["Accept", 2],
  ["Block2", 3],
  ["Block1", 3],
  ["61", 255],
  ["2089", 255],
]);
const REPEATABLE = new Set(["Uri-Path", "Uri-Query"]);
const NOT_UNDERSTOOD = new Set([
  "If-Match",
  "If-None-Match",
  "OSCORE",
  "Q-Block1",
  "Q-Block2",
  "Proxy-Uri",
  "Proxy-Scheme",
  "OCF-Accept-Content-Format-Version",
  "OCF-Content-Format-Version",
]);

/** Reads the options of a request; the token and the number may travel in the query, and options win (wire-format 5.5). */
export function readOptions(options: ParsedPacket["options"]): RequestOptions {
  const path: string[] = [];
  const query = new Map<string, string>();
  const values = new Map<string, Buffer>();
  let unknownCritical = false;
  for (const { name, value } of options) {
    const key = String(name);
    if (key === "Uri-Path") path.push(value.toString("utf8"));
    else if (key === "Uri-Query") addQuery(query, value.toString("utf8"));
    // RFC 7252 5.4.3, 5.4.5: too long a value, and one too many, are as good as unknown.
    const understood = value.length <= (UNDERSTOOD.get(key) ?? -1) && !values.has(key);
    unknownCritical ||= !understood && isCritical(key);
    if (!REPEATABLE.has(key) && !values.has(key)) values.set(key, value);
  }
  const querySeq = query.get("seq");
  return {
    path,
    token: first(values, TOKEN)?.toString("latin1") ?? query.get("token"),
    seq: first(values, SEQ) ?? (querySeq === undefined ? undefined : Buffer.from(querySeq, "hex")),
    contentFormat: readUint(values.get("Content-Format")),
    accept: readUint(values.get("Accept")),
    block1: values.get("Block1"),
    block2: values.get("Block2"),
    observe: readUint(values.get("Observe")),
    unknownCritical,
  };
}

/** Writes an option value of RFC 7252 3.2: the shortest big-endian form, zero is empty. */
export function uintOption(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  let start = 0;
  while (start < 4 && bytes[start] === 0) start++;
  return bytes.subarray(start);
}

function isCritical(name: string): boolean {
  return UNDERSTOOD.has(name) || NOT_UNDERSTOOD.has(name) || Number(name) % 2 === 1;
}

function addQuery(query: Map<string, string>, text: string): void {
  const equals = text.indexOf("=");
  if (equals > 0) query.set(text.slice(0, equals), text.slice(equals + 1));
}

function first(values: Map<string, Buffer>, names: readonly string[]): Buffer | undefined {
  for (const name of names) {
    const value = values.get(name);
    if (value) return value;
  }
  return undefined;
}

function readUint(value: Buffer | undefined): number | undefined {
  if (!value || value.length > 4) return undefined;
  return value.length === 0 ? 0 : value.readUIntBE(0, value.length);
}
