import type { ChannelProof } from "@trine/core/auth";

/** What a proxy says about a connection before the connection's own bytes. */
export interface ProxyHeader {
  /** Address of the device, without port; absent when the proxy speaks for itself (a check of its own), or does not know it. */
  readonly source?: string;
  /** Whether the device's bytes were protected by TLS on their way to the proxy. */
  readonly isSecured: boolean;
  /** What the secured channel proved, as far as the header vouches for it. */
  readonly proof?: ChannelProof;
}

/** What the first bytes of a proxy's connection are found to be. */
export type ProxyVerdict =
  /** No header, and never one. */
  | { readonly is: "absent" }
  /** Something that begins as a header and is none. */
  | { readonly is: "broken" }
  /** More bytes are needed to tell. */
  | { readonly is: "partial" }
  | { readonly is: "header"; readonly header: ProxyHeader; readonly bytes: number };

export const ABSENT: ProxyVerdict = { is: "absent" };
export const BROKEN: ProxyVerdict = { is: "broken" };
export const PARTIAL: ProxyVerdict = { is: "partial" };
