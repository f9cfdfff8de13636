import type { Grant } from "../access/role.ts";
import type { Page } from "./device-registry.ts";

/** A key of the operators' interface, as it is stored: never its text. */
export interface ApiKeyRecord extends Grant {
  readonly keyId: string;
  /** For people; not unique. */
  readonly name: string;
  /** SHA-256 of the key, in hexadecimal. */
  readonly digest: string;
  /** Of the key before the last rotation, which works until then. Wall clock. */
  readonly previous?: { readonly digest: string; readonly endsAtMs: number };
  readonly createdAtMs: number;
  /** Who made it, as the audit log names them. */
  readonly createdBy: string;
  /** Wall clock; absent: never. */
  readonly expiresAtMs?: number;
  /** Written behind, so up to a minute late. */
  readonly lastUsed?: { readonly atMs: number; readonly peer: string };
}

/** Keys of the operators' interface, durable. Every method throws when the store cannot answer. */
export interface ApiKeyStore {
  /** Committed when the promise resolves. */
  insert(key: ApiKeyRecord): Promise<void>;
  find(keyId: string): Promise<ApiKeyRecord | undefined>;
  /** Newest first. @throws InvalidCursorError */
  list(page: { limit: number; cursor?: string }): Promise<Page<ApiKeyRecord>>;
  /**
   * Gives a key a new digest; the one that it has becomes the previous one until `previousEndsAtMs`, or is gone when that is absent. What was
   * the previous one before dies. @returns the key, or `undefined` when there is none.
   */
  rotate(keyId: string, next: { digest: string; previousEndsAtMs?: number }): Promise<ApiKeyRecord | undefined>;
  /** Deletes for good. Of many callers exactly one gets the key that it was. */
  remove(keyId: string): Promise<ApiKeyRecord | undefined>;
  /** Notes uses, in a batch; an earlier time than the stored one changes nothing, nor does a key that is gone. */
  noteUses(uses: readonly { keyId: string; atMs: number; peer: string }[]): Promise<void>;
}
