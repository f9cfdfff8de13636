import type { Secret } from "../certificate/secret.ts";
import type { AccessKeyRecord } from "../ports/access-key-store.ts";
import type { ApiKeyRecord } from "../ports/api-key-store.ts";
import type { Page } from "../ports/device-registry.ts";
import type { Actor } from "../registry/contracts.ts";
import type { Problem } from "../registry/problem.ts";
import type { Grant } from "./role.ts";

/** A key as operators see it. */
export interface ApiKey extends Omit<ApiKeyRecord, "digest" | "previous"> {
  /** While a rotation is under way: when the key before dies. Wall clock. */
  readonly previousEndsAtMs?: number;
}

/** A key that was made or rotated, with its text, which nobody can read again. */
export interface IssuedApiKey {
  readonly key: ApiKey;
  readonly text: Secret;
}

/** Whoever holds a key, as of now. */
export interface KeyHolder extends Grant {
  readonly keyId: string;
  readonly name: string;
  /** Digests of the texts that work now: one, or two while a rotation is under way. */
  readonly digests: readonly Buffer[];
}

/** What became of a text that was shown as a key: its holder, or why there is none. An unknown id and a wrong secret are the same `unknown`. */
export type Verified = { readonly holder: KeyHolder; readonly digest: Buffer } | "unknown" | "expired";

/** Keys of operators and applications. Every change is audited. */
export interface ApiKeys {
  /** @param key.products at most 100, all there; absent: every product, also later ones. */
  create(
    actor: Actor,
    key: Grant & { readonly name: string; readonly expiresAtMs?: number },
  ): Promise<IssuedApiKey | Problem>;
  find(keyId: string): Promise<ApiKey | Problem>;
  /** Newest first. */
  list(page: { limit: number; cursor?: string }): Promise<Page<ApiKey> | Problem>;
  /**
   * Gives the key a new text under the same id. The one before works until the grace ends.
   *
   * @param options.graceSeconds default a day, at most 30 days; 0: it dies at once.
   */
  rotate(actor: Actor, keyId: string, options: { graceSeconds?: number }): Promise<IssuedApiKey | Problem>;
  /** Deletes the key and ends the sessions that it opened. Holds from the next request on, in every process. */
  revoke(actor: Actor, keyId: string): Promise<{ closedSessions: number } | Problem>;
  /** Whether a text is a key, in a time that does not depend on how much of it is right. Notes the use, coalesced. */
  verify(text: string, peer: string): Promise<Verified>;
  /** The holder of a key, for sessions that it opened; `undefined` when it is gone or expired. */
  holder(keyId: string): Promise<KeyHolder | undefined>;
  /** Writes down uses; call it now and then, and at the end. */
  flush(): Promise<void>;
}

/** An access key as operators see it: never its secret. */
export type AccessKey = Omit<AccessKeyRecord, "sealedSecret">;

/** Whoever signs with an access key, as of now. */
export interface AccessKeyHolder extends Grant {
  readonly accessKeyId: string;
  readonly name: string;
  /** What requests are signed with (wire-format 9.1, 9.2). */
  readonly secret: Secret;
  /**
   * Takes a nonce, so that a request that was signed with it passes once. Only after a signature was right: a stranger must not use one up.
   *
   * @param lifeMs how long a request with it would be accepted.
   * @returns whether it was free. @throws when the store cannot answer.
   */
  takeNonce(nonce: string, lifeMs: number): Promise<boolean>;
  /** Notes a use, coalesced. Only after a signature was right: a stranger's request is no use. */
  noteUse(peer: string): void;
}

/**
 * Access keys: API keys of a second kind, for protocols in which requests are signed (wire-format 9.1, 9.2), so that the gateway has to know
 * the secret. Every change is audited.
 */
export interface AccessKeys {
  /**
   * @param key.products at most 100, all there; absent: every product, also later ones.
   * @returns the key, and its secret, which nobody can read again.
   */
  create(
    actor: Actor,
    key: Grant & { readonly name: string; readonly expiresAtMs?: number },
  ): Promise<{ readonly key: AccessKey; readonly secret: Secret } | Problem>;
  /** Newest first. */
  list(page: { limit: number; cursor?: string }): Promise<Page<AccessKey> | Problem>;
  /** Deletes the key. Holds from the next request on, in every process. */
  revoke(actor: Actor, accessKeyId: string): Promise<undefined | Problem>;
  /**
   * Who signs with this key; the text may come from a request and be none. The caller checks the signature, in constant time.
   *
   * @returns `undefined` when there is no such key, or it has expired.
   * @throws when the store cannot answer, or VaultError when the secret does not open.
   */
  find(accessKeyId: string): Promise<AccessKeyHolder | undefined>;
  /** Writes down uses; call it now and then, and at the end. */
  flush(): Promise<void>;
}

/** A session of an operator as it goes on. */
export interface OperatorSession {
  readonly keyId: string;
  readonly createdAtMs: number;
  /** When it ends at the latest. Wall clock. */
  readonly expiresAtMs: number;
  /** Whether one of these digests of the key is the one that opened it. */
  isOf(digests: readonly Buffer[]): boolean;
}

/** Sessions that people open with a key, so that a browser need not keep the key. */
export interface OperatorSessions {
  /** Opens a session of a verified key. @returns its token, which nobody can read again. */
  open(holder: Pick<KeyHolder, "keyId">, digest: Buffer, peer: string): Promise<Secret>;
  /**
   * The session of a token, unless it is over; notes that it was seen, coalesced.
   *
   * @param options.quietly notes nothing: what looks by itself keeps no session alive.
   */
  resume(token: string, options?: { quietly?: boolean }): Promise<OperatorSession | undefined>;
  /** @returns whether there was one. */
  close(token: string): Promise<boolean>;
  /** Ends every session that a key opened. @returns how many. */
  closeAll(keyId: string): Promise<number>;
}
