/** What a front allows, whoever asks. */
export interface FrontLimits {
  /** Peers at once that have a session or a handshake; one that comes again while its session is open has both, and counts once. */
  readonly sessions: number;
  /** Handshakes at once, from the hello with a good cookie on. */
  readonly handshakes: number;
  /** Hellos of one sender in a second: as many without a cookie, which cost an answer, and as many with one, which begin a handshake. */
  readonly hellosPerSecond: number;
  /** Bytes of one datagram that comes in. */
  readonly datagramBytes: number;
  readonly identityBytes: number;
  readonly handshakeMs: number;
  /** A session without a datagram for so long is ended. */
  readonly idleMs: number;
  /** The same for a session that nobody has vouched for yet. */
  readonly unprovenIdleMs: number;
}

/** Why a datagram or a handshake was not taken. */
export type FrontDrop =
  | "malformed"
  | "datagram_too_large"
  | "hello_rate"
  | "handshake_rate"
  | "too_many_handshakes"
  | "too_many_sessions"
  | "bad_cookie"
  | "no_session"
  | "identity_too_long";

/** How a handshake ended. */
export type HandshakeOutcome = "ok" | "timeout" | "alert" | "no_shared_suite" | "protocol" | "given_up";

/** How a session ended. */
export type SessionEnd =
  | "disconnected"
  | "idle"
  | "no_room"
  | "taken_over"
  | "alert"
  | "protocol"
  | "stopped"
  | "closed";
