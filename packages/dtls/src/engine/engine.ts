/**
 * The cryptography of DTLS: what a session does with bytes, and nothing else. An engine has no socket, no timer and no clock that anybody
 * waits for; whoever drives it brings it datagrams, takes datagrams from it, and lets time pass by `tick`.
 *
 * Everything is synchronous. Nothing here is called for a hello whose sender was not verified.
 */
export interface DtlsEngine {
  /**
   * Presents another certificate from the next session on; those that are open keep theirs.
   *
   * @param material nothing: only suites with pre-shared keys.
   * @throws when certificate and key cannot be used; the former ones stay in use then.
   */
  useCertificate(material: CertificateMaterial | undefined): void;
  openSession(): EngineSession;
}

/** What a server shows for itself. */
export interface CertificateMaterial {
  /** PEM: the server's own certificate, then those that lead to its root. */
  readonly chain: string;
  /** PEM, not encrypted. */
  readonly key: string;
}

/** Why an engine gave a handshake or a session up. Stable words, for metrics. */
export type EngineFaultReason = "no_shared_suite" | "alert" | "protocol";

/** A session that cannot go on. What the other side is to be told of it is in `takeOutput`. */
export class EngineFault extends Error {
  readonly reason: EngineFaultReason;

  constructor(reason: EngineFaultReason, detail: string) {
    super(detail);
    this.name = "EngineFault";
    this.reason = reason;
  }
}

/** One session, from the hello with a good cookie to its end. After `free` nothing of it may be called. */
export interface EngineSession {
  /**
   * Takes in one datagram: the first one is the hello with its cookie, as one whole message in one record. A datagram that is forged,
   * repeated, or in a wrong place is ignored, as DTLS demands (RFC 6347 4.1.2.7).
   *
   * @returns the application data of it, a buffer a record, decrypted.
   * @throws EngineFault when the session is over for a reason that this end or the other has stated.
   */
  feed(datagram: Buffer): Buffer[];
  /** What is to be sent by now, a buffer a datagram, none longer than the MTU. It is empty until `feed`, `write`, `tick` or `shutdown` made something. */
  takeOutput(): Buffer[];
  /** Encrypts one datagram of application data. Only after `isFinished`. */
  write(plain: Buffer): void;
  /** Lets time pass: sends the last flight again when it is due (RFC 6347 4.2.4). @throws EngineFault when it was sent too often. */
  tick(): void;
  /** Says close_notify. */
  shutdown(): void;
  free(): void;
  /** Whether the next message that the client has to send names a pre-shared key, so that `setPsk` has to come first. */
  wantsPsk(): boolean;
  /** The key that the client has to prove; at most 256 bytes. */
  setPsk(key: Buffer): void;
  /** Whether both sides have proved what they had to. */
  isFinished(): boolean;
  /** Whether the other side said close_notify. */
  isClosed(): boolean;
  /** Name of the suite, for logs. */
  suite(): string;
  /** The client's certificates in DER, its own first; none when it has none. Only possession of the first one's key is proved. */
  peerCertificates(): Buffer[];
}
