import type { Page } from "./device-registry.ts";

export interface AuditEntry {
  readonly atMs: number;
  /** Who did it: the name of an API key. */
  readonly actor: string;
  /** What was done, a stable word such as `device.delete` or `certificate.read`. */
  readonly action: string;
  /** On what: `productKey` or `productKey/deviceName` or a batch id. */
  readonly target: string;
  /** Further facts; never a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly peer: string;
}

/** Who did what, durable, append-only. */
export interface AuditLog {
  /** Committed when the promise resolves. */
  record(entry: AuditEntry): Promise<void>;
  /** Newest first. @throws InvalidCursorError */
  list(
    filter: { action?: string; target?: string },
    page: { limit: number; cursor?: string },
  ): Promise<Page<AuditEntry & { id: string }>>;
}
