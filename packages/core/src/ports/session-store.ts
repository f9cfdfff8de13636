import type { DeviceRef } from "../certificate/names.ts";

/** The certificate that a login was proved by. */
export interface X509Login {
  /** SHA-256 of it, in lower-case hex. */
  readonly fingerprint: string;
  /** Of the device at the login: when it grew, the session is void. */
  readonly x509Version: number;
  /** Wall clock of the certificate's end, and so of the session's. */
  readonly notAfterMs: number;
}

/** A session that a token stands for, as stored. No secret is in it. */
export interface SessionRecord {
  readonly sessionId: string;
  readonly device: DeviceRef;
  readonly iotId: string;
  /** With `x509` a number above every one that a secret can have. */
  readonly secretVersion: number;
  readonly x509?: X509Login;
  /** Of the product, when the device logged in; absent: 0. */
  readonly policyVersion?: number;
  readonly transport: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** With sealed payloads (wire-format 5.4, 5.6). */
  readonly sealing?: { readonly random: string; readonly seqOffset: number };
}

/**
 * Sessions by the SHA-256 of their token (hex): the store never sees a token.
 *
 * Durable when the promise resolves. Throws when the store cannot answer.
 */
export interface SessionStore {
  /**
   * Keeps a session until `expiresAtMs`. A device has at most `maxPerDevice` sessions; the oldest go first.
   */
  save(tokenHash: string, record: SessionRecord, maxPerDevice: number): Promise<void>;
  /** The session, also for a while after it expired (so that "expired" can be told from "unknown"), else `undefined`. */
  find(tokenHash: string): Promise<SessionRecord | undefined>;
  /**
   * Takes a sequence number, once, atomically. Numbers may arrive out of order within `window` of the highest one taken
   * (wire-format 5.6); a number below `seqOffset` or below the window, or taken before, is `replayed`.
   *
   * The same attempt that comes again within the window, and within `repeatMs` of the first, is `repeated`, with the message id that the
   * first one brought: it is the same datagram, sent again because its answer was lost, and its message may not have been stored. Later it is
   * `replayed` as any other: whoever overheard a datagram can forge its origin as well.
   *
   * @param attempt.origin names the one datagram, e.g. sender and message id; two different messages never share it within the window.
   * @param attempt.messageId the id that the message gets if the number is taken now.
   */
  takeSequence(
    tokenHash: string,
    seq: number,
    attempt: { window: number; repeatMs: number; origin: string; messageId: string },
  ): Promise<{ outcome: "taken" | "repeated"; messageId: string } | { outcome: "replayed" | "no_session" }>;
  /**
   * Removes every session of a device; with `minSecretVersion` those that were made under an older secret.
   * @returns how many there were (expired ones not counted).
   */
  revokeDevice(device: DeviceRef, options?: { minSecretVersion?: number }): Promise<number>;
}
