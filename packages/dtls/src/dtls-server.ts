import type { ChannelProof, PskKeys } from "@trine/core/auth";
import type { DeviceRef } from "@trine/core/certificate";
import type { Recorder } from "@trine/core/ports";
import type { CertificateMaterial } from "./engine/engine.ts";
import type { FrontLimits } from "./front/front-limits.ts";

/** A DTLS session of a device, until it ends. */
export interface DtlsSession {
  /** Unlike that of any other session of this process. */
  readonly id: number;
  /** Without a port; an IPv4 address in its own form. */
  readonly address: string;
  readonly port: number;
  readonly suite: string;
  /** What the handshake proved about the device; absent when it proved nothing. */
  readonly proof?: ChannelProof;
}

/** Where the server's certificate comes from. */
export interface CertificateSource {
  current(): CertificateMaterial | undefined;
  /** Calls back when `current` answers otherwise. @returns the way out. */
  onChange(listener: () => void): () => void;
}

export interface DtlsOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Name of the setting, for the error of a port that cannot be had. */
  readonly setting: string;
  /** Largest datagram that is sent, in bytes. */
  readonly mtu: number;
  /** Whether the suites of the SDKs are spoken: CBC with SHA-1, and RSA without forward secrecy (wire-format 2.8). */
  readonly legacy: boolean;
  readonly limits: FrontLimits;
  /** Without it devices need a pre-shared key. */
  readonly certificate?: CertificateSource;
  /** Throws when a key cannot be found now; the device asks again then. */
  readonly pskKeys: PskKeys;
  readonly recorder: Recorder;
  /** Name in metrics. */
  readonly transport: string;
  readonly on: {
    datagram(session: DtlsSession, datagram: Buffer): void;
    ended(session: DtlsSession): void;
  };
  /** Arguments for node in the child process. */
  readonly nodeOptions?: readonly string[];
}

/** An open DTLS port. */
export interface DtlsServer {
  readonly port: number;
  /** Of the process that speaks DTLS; nothing while it is started again. */
  readonly pid: number | undefined;
  /** Sends a datagram; in a session that has ended, nothing. */
  send(session: DtlsSession, datagram: Buffer): void;
  /**
   * The device has proved which one it is: its session may idle for long, and does not give way to others. A device keeps its last four; older
   * ones end. A session that a pre-shared key opened needs nobody to vouch.
   */
  vouch(session: DtlsSession, device: DeviceRef): void;
  end(session: DtlsSession): void;
  /** Ends every session with close_notify, and the process. */
  stop(): Promise<void>;
}

/** This platform cannot speak DTLS. */
export interface NoEngine {
  readonly missing: string;
}
