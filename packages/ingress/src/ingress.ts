import type { TlsIdentity } from "./identity/tls-identity.ts";
import type { Receivers } from "./inbound.ts";

/** What a listener listens on, and for whom. */
export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** Name of the setting, for the error of a port that cannot be had. */
  readonly setting: string;
  /** `also`: TLS is told from plain by the first byte, and inside TLS the protocols again by the first decrypted bytes. */
  readonly tls: "never" | "also" | "only";
  readonly receivers: Receivers;
}

/** An open listener. */
export interface Listener {
  readonly port: number;
  /** Stops accepting, and closes what no receiver has taken yet. What a receiver took is the receiver's. */
  stop(): Promise<void>;
}

/**
 * Where the TCP connections of one process come in: what stands between a socket and a protocol adapter, and is the same for all of
 * them: the PROXY protocol, TLS, WebSocket, and limits that hold before anything is read.
 */
export interface Ingress {
  /** Whether there is a certificate, so that TLS can be spoken. */
  readonly hasTls: boolean;
  /** What TLS shows; for other listeners that show the same. */
  readonly certificate?: TlsIdentity;
  /** File of the authority that devices are to trust, in PEM, if Trine made it itself. */
  readonly caFile?: string;
  /** Whether `address` is one of a trusted proxy, whose word on the device's address counts; for `X-Forwarded-For`. */
  isTrustedProxy(address: string): boolean;
  /** @throws StartError when the port cannot be had. */
  listen(options: ListenerOptions): Promise<Listener>;
  /** Closes every connection that no receiver has taken yet, and what watches files. */
  close(): Promise<void>;
}
