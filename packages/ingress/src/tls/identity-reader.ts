/** What a chunk of a client's first flights came to. */
export type Progress =
  /** These bytes may go on; what is not among them is kept. */
  | { readonly is: "reading"; readonly pass: readonly Buffer[] }
  /** The identity is known, or it is sure that there is none to be read: everything may go on once that was dealt with. */
  | { readonly is: "done"; readonly identity: string | undefined; readonly rest: Buffer };

const HANDSHAKE = 0x16;
const CLIENT_KEY_EXCHANGE = 16;
const RECORD_HEAD_BYTES = 5;
const MESSAGE_HEAD_BYTES = 4;

/** RFC 5246, 6.2.3. */
const MAX_RECORD_BYTES = 2 ** 14 + 2_048;

/** Of a suite with a pre-shared key, with an identity of that length; longer ones go on unread. */
const MAX_MESSAGE_BYTES = 4_096;

/** Longer ones are no identity of a device (wire-format 2.8), and are not looked up. */
const MAX_IDENTITY_BYTES = 256;

/**
 * Follows what a client sends in a handshake of TLS 1.2 with a pre-shared key, until its ClientKeyExchange, in which the identity travels in
 * clear (RFC 4279, 2). Records that hold a part of that message are kept, the others pass at once. Handshake messages may be spread over records, and
 * several of them may share one.
 *
 * @returns takes each chunk in order; not to be called again after `done`.
 */
export function createIdentityReader(): (chunk: Buffer) => Progress {
  let unread: Buffer = Buffer.alloc(0);
  let keptRecords: Buffer[] = [];
  let message: Buffer = Buffer.alloc(0);

  function finish(identity: string | undefined): Progress {
    return { is: "done", identity, rest: Buffer.concat([...keptRecords, unread]) };
  }

  /** Takes the next whole record off `unread`. */
  function takeRecord(): Buffer | "partial" | "unreadable" {
    if (unread.length < RECORD_HEAD_BYTES) return "partial";
    const bytes = unread.readUInt16BE(3);
    // An empty one is not allowed in a handshake, and would be kept for nothing.
    if (bytes === 0 || bytes > MAX_RECORD_BYTES) return "unreadable";
    const end = RECORD_HEAD_BYTES + bytes;
    if (unread.length < end) return "partial";
    const record = unread.subarray(0, end);
    unread = unread.subarray(end);
    return record;
  }

  /** Reads on in the handshake messages. @returns the body of the one that is looked for. */
  function takeKeyExchange(): Buffer | "partial" | "unreadable" {
    while (message.length >= MESSAGE_HEAD_BYTES) {
      const bytes = message.readUIntBE(1, 3);
      if (bytes > MAX_MESSAGE_BYTES) return "unreadable";
      const end = MESSAGE_HEAD_BYTES + bytes;
      if (message.length < end) break;
      const body = message.subarray(MESSAGE_HEAD_BYTES, end);
      if (message[0] === CLIENT_KEY_EXCHANGE) return body;
      message = message.subarray(end);
    }
    return "partial";
  }

  return function read(chunk) {
    unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
    const pass: Buffer[] = [];
    for (;;) {
      const record = takeRecord();
      if (record === "partial") return { is: "reading", pass };
      if (record === "unreadable") return withPassed(pass, finish(undefined));
      keptRecords.push(record);
      // What is no handshake before the key exchange is an alert or a fault: that is for whoever speaks TLS.
      if (record[0] !== HANDSHAKE) return withPassed(pass, finish(undefined));
      message = Buffer.concat([message, record.subarray(RECORD_HEAD_BYTES)]);
      const found = takeKeyExchange();
      if (found !== "partial")
        return withPassed(pass, finish(found === "unreadable" ? undefined : readIdentity(found)));
      if (message.length > 0 && message[0] === CLIENT_KEY_EXCHANGE) continue;
      pass.push(...keptRecords);
      keptRecords = [];
    }
  };
}

function withPassed(pass: readonly Buffer[], progress: Progress): Progress {
  return progress.is === "done" ? { ...progress, rest: Buffer.concat([...pass, progress.rest]) } : progress;
}

/** Reads the identity that a ClientKeyExchange begins with, whatever the suite adds behind it (RFC 4279, 2; RFC 5489, 2). */
function readIdentity(body: Buffer): string | undefined {
  const bytes = body.length < 2 ? 0 : body.readUInt16BE(0);
  if (bytes === 0 || bytes > MAX_IDENTITY_BYTES || 2 + bytes > body.length) return undefined;
  return body.toString("latin1", 2, 2 + bytes);
}
