import type { DeviceRef } from "../certificate/names.ts";

/** A session that a token stands for, as stored. No secret is in it. */
export interface SessionRecord {
  readonly sessionId: string;
  readonly device: DeviceRef;
  readonly iotId: string;
  readonly secretVersion: number;
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
   */
  takeSequence(tokenHash: string, seq: number, window: number): Promise<"taken" | "replayed" | "no_session">;
  /** Removes every session of a device. @returns how many there were (expired ones not counted). */
  revokeDevice(device: DeviceRef): Promise<number>;
}
