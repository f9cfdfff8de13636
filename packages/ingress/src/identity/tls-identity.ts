/** What TLS shows: certificate and key, in PEM. */
export interface TlsMaterial {
  /** The certificate, and behind it those that stand between it and its CA. */
  readonly chain: string;
  readonly key: string;
}

/** The server's certificate, which may change while the process runs. */
export interface TlsIdentity {
  current(): TlsMaterial;
  /** Calls back when `current` answers otherwise. @returns the way out. */
  onChange(listener: () => void): () => void;
  /** File of the authority that devices are to trust, in PEM, if Trine made it itself. */
  readonly caFile?: string;
  /** Stops looking for changes. */
  close(): void;
}
