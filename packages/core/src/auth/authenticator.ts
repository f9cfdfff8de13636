import type { AuthAttempt } from "./attempt.ts";
import type { Refusal } from "./refusal.ts";
import type { Session } from "./session.ts";

/** Decides logins. The one entry for every adapter. */
export interface Authenticator {
  /**
   * Runs the pipeline over one attempt: a session, or a refusal as a value.
   *
   * @throws when a store cannot answer. `recordedAuthenticator` turns that into the refusal `unavailable`; adapters get the recorded one.
   */
  authenticate(attempt: AuthAttempt): Promise<Session | Refusal>;
}

/** Finds the session that a token stands for. */
export interface SessionResumer {
  /**
   * Resumes a session: the token must be known and not expired, come over the transport that it was issued on, and its device must
   * exist unchanged, enabled, with the same secret.
   *
   * @param token as the device sent it; an empty one is `token_missing`.
   */
  resume(token: string, from: { transport: string; peer: string }): Promise<Session | Refusal>;

  /**
   * Takes sequence number `seq` of a session with sealed payloads, once (wire-format 5.6).
   *
   * @param origin names the one datagram: when the same one comes again, on whichever node, it is told its first `messageId` again, and
   * `isRepeat`. Publish under that id: what was stored is not stored twice, and what was not is stored now.
   * @returns `replayed` when another datagram took it before or it lies below the window.
   */
  takeSequence(
    token: string,
    seq: number,
    origin: string,
  ): Promise<{ readonly messageId: string; readonly isRepeat: boolean } | Refusal>;
}
