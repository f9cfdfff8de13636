/** What is found where a connection that begins as TLS has its ClientHello. */
export type HelloVerdict =
  /** More bytes are needed. */
  | { readonly is: "partial" }
  /** No hello that can be read; whoever speaks TLS says what is wrong with it. */
  | { readonly is: "unreadable" }
  | { readonly is: "hello"; readonly suites: readonly number[] };

const HANDSHAKE = 0x16;
const CLIENT_HELLO = 1;
const RECORD_HEAD_BYTES = 5;
const MESSAGE_HEAD_BYTES = 4;
/** Version and random, before the session id (RFC 5246, 7.4.1.2). */
const FIXED_BYTES = 34;

/** Longer hellos are not looked into. Those in use have less than 2 kB, with post-quantum key shares less than 4. */
const MAX_HELLO_BYTES = 16_384;

const PARTIAL: HelloVerdict = { is: "partial" };
const UNREADABLE: HelloVerdict = { is: "unreadable" };

/** Over how many records a hello may be spread; with more of them the effort would grow with their square. */
const MAX_RECORDS = 16;

/** Reads the cipher suites of a ClientHello, which may come in several records (RFC 5246, 6.2.1). */
export function readHello(seen: Buffer): HelloVerdict {
  const fragments: Buffer[] = [];
  for (let at = 0; at < seen.length && fragments.length < MAX_RECORDS; ) {
    if (seen[at] !== HANDSHAKE) return UNREADABLE;
    const from = at + RECORD_HEAD_BYTES;
    if (from > seen.length) break;
    at = from + seen.readUInt16BE(at + 3);
    fragments.push(seen.subarray(from, at));
  }
  const verdict = readMessage(Buffer.concat(fragments));
  return verdict === PARTIAL && fragments.length === MAX_RECORDS ? UNREADABLE : verdict;
}

function readMessage(message: Buffer): HelloVerdict {
  const type = message[0];
  if (type !== undefined && type !== CLIENT_HELLO) return UNREADABLE;
  if (message.length < MESSAGE_HEAD_BYTES) return PARTIAL;
  const bytes = message.readUIntBE(1, 3);
  if (bytes > MAX_HELLO_BYTES) return UNREADABLE;
  const body = message.subarray(MESSAGE_HEAD_BYTES, MESSAGE_HEAD_BYTES + bytes);
  if (body.length < bytes) return PARTIAL;
  const suites = readSuites(body);
  return suites ? { is: "hello", suites } : UNREADABLE;
}

function readSuites(body: Buffer): number[] | undefined {
  const at = FIXED_BYTES + 1 + (body[FIXED_BYTES] ?? 0);
  if (at + 2 > body.length) return undefined;
  const bytes = body.readUInt16BE(at);
  if (bytes % 2 !== 0 || at + 2 + bytes > body.length) return undefined;
  return Array.from({ length: bytes / 2 }, (_, index) => body.readUInt16BE(at + 2 + index * 2));
}
