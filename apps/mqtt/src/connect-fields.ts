import type { ChannelProof } from "@trine/core/auth";

/** The parts of a CONNECT that log a device in. */
export interface ConnectFields {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Uint8Array | undefined;
  readonly peer: string;
  /** What the channel proved before the CONNECT, if it proved anything. */
  readonly channel: ChannelProof | undefined;
  /** What is sent can be read on the way, so no secret may go over it (wire-format 3.6). */
  readonly inClear?: boolean;
}
