import type { SignMethod } from "@trine/core/certificate";
import type { DeviceTls } from "../channel/tls-options.ts";
import type { DeviceCertificate } from "../device-certificate.ts";
import type { DeviceConnection } from "../device-connection.ts";

/** How an HTTP device connects. */
export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: DeviceCertificate;
  /** Default: the line is in clear. */
  readonly tls?: DeviceTls;
  /** Default hmacsha256. */
  readonly signMethod?: SignMethod;
  /** Local address to connect from; many connections to one port need several. */
  readonly localAddress?: string;
}

/** A message from an application, fetched. */
export interface HttpMessage {
  /** Decimal text of a 64-bit number, the same whenever the message is fetched: by it a device knows one that it had already. */
  readonly messageId: string;
  readonly topic: string;
  readonly payload: Buffer;
  /** Takes it out of the mailbox. Until then it is fetched again. May be repeated. */
  acknowledge(): Promise<void>;
}

/** A device that is logged in over HTTP. */
export interface HttpConnection extends DeviceConnection {
  /** What it presents with every message. Changes when it has logged in again. */
  readonly token: string;
  /** Logs in again and takes the new token. */
  login(): Promise<void>;
  /**
   * Fetches the oldest message that waits for the device, over a connection of its own: publishing goes on meanwhile.
   *
   * @param options.waitMs how long to wait for one; default 0. The gateway shortens a long wait (default 60 s).
   * @param options.signal ends the wait, with DeviceError `closed`.
   * @returns `undefined` when none came in time.
   * @throws DeviceError when the gateway refuses, or the line ends first.
   */
  fetchMessage(options?: { waitMs?: number; signal?: AbortSignal }): Promise<HttpMessage | undefined>;
}
