import type { Grant } from "../access/role.ts";
import type { SealedSecret } from "../certificate/vault.ts";
import type { Page } from "./device-registry.ts";

/** An access key, as it is stored. Its secret is sealed and not a digest: who checks a signature has to have it (wire-format 9.1). */
export interface AccessKeyRecord extends Grant {
  /** Not secret: every request names it. */
  readonly accessKeyId: string;
  /** For people; not unique. */
  readonly name: string;
  readonly sealedSecret: SealedSecret;
  readonly createdAtMs: number;
  /** Who made it, as the audit log names them. */
  readonly createdBy: string;
  /** Wall clock; absent: never. */
  readonly expiresAtMs?: number;
  /** Written behind, so up to a minute late. */
  readonly lastUsed?: { readonly atMs: number; readonly peer: string };
}

/** Access keys, durable. Every method throws when the store cannot answer. */
export interface AccessKeyStore {
  /** Committed when the promise resolves. */
  insert(key: AccessKeyRecord): Promise<void>;
  find(accessKeyId: string): Promise<AccessKeyRecord | undefined>;
  /** Newest first. @throws InvalidCursorError */
  list(page: { limit: number; cursor?: string }): Promise<Page<AccessKeyRecord>>;
  /** Deletes for good. Of many callers exactly one gets the key that it was. */
  remove(accessKeyId: string): Promise<AccessKeyRecord | undefined>;
  /**
   * Takes a nonce of a key, durably. Of any number of callers, in any process, exactly one gets true until `endsAtMs`; at some time after it
   * the nonce is forgotten.
   *
   * @throws when the store cannot answer; the caller then refuses the request, it never lets it pass.
   */
  takeNonce(accessKeyId: string, nonce: string, life: { nowMs: number; endsAtMs: number }): Promise<boolean>;
  /** Notes uses, in a batch; an earlier time than the stored one changes nothing, nor does a key that is gone. */
  noteUses(uses: readonly { keyId: string; atMs: number; peer: string }[]): Promise<void>;
}
