/** A session of an operator, which a key opened. */
export interface OperatorSessionRecord {
  /** SHA-256 of its token, in hexadecimal. */
  readonly tokenHash: string;
  readonly keyId: string;
  /** Binds it to the key as it was: a MAC of `tokenHash` under the digest of the key. */
  readonly keyTag: string;
  readonly createdAtMs: number;
  /** Of the last request, coalesced. Wall clock. */
  readonly seenAtMs: number;
  readonly peer: string;
}

/** What is over: sessions that began, or were seen last, before these. Wall clock. */
export interface SessionEnd {
  readonly createdBeforeMs: number;
  readonly seenBeforeMs: number;
}

/** Sessions of operators, durable, known to every process. Every method throws when the store cannot answer. */
export interface OperatorSessionStore {
  /** Committed when the promise resolves. Drops what is over. */
  insert(session: OperatorSessionRecord, over: SessionEnd): Promise<void>;
  find(tokenHash: string): Promise<OperatorSessionRecord | undefined>;
  /** Sets when it was seen; an earlier time than the stored one changes nothing, nor does a session that is gone. */
  touch(tokenHash: string, seenAtMs: number): Promise<void>;
  /** @returns whether there was one. */
  remove(tokenHash: string): Promise<boolean>;
  /** Ends every session that a key opened. @returns how many. */
  removeOfKey(keyId: string): Promise<number>;
}
