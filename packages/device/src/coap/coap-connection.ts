import type { SignMethod } from "@trine/core/certificate";
import type { DeviceCertificate } from "../device-certificate.ts";
import type { DeviceConnection } from "../device-connection.ts";
import type { CoapTarget } from "./coap-exchange.ts";

/** How a CoAP device connects. */
export interface CoapOptions extends CoapTarget {
  readonly certificate: DeviceCertificate;
  /** `symmetric`: payloads are sealed with AES and numbered (wire-format 5.4, 5.6). */
  readonly mode: "plain" | "symmetric";
  /** Default hmacsha256. */
  readonly signMethod?: SignMethod;
}

/** A message from an application, fetched or notified of. */
export interface CoapMessage {
  /** Decimal text of a 64-bit number, the same whenever the message comes: by it a device knows one that it had already. */
  readonly messageId: string;
  readonly topic: string;
  readonly payload: Buffer;
}

/** An observation that lasts until it is stopped, or the gateway ends it. */
export interface CoapObservation {
  /** Resolves with the gateway's reason when it ended the observation, with nothing when the device did. */
  readonly ended: Promise<DeviceEnd>;
  /** Tells the gateway that the device does not observe any more. */
  stop(): Promise<void>;
}

/** The code that ended an observation, such as `4.01`. */
export type DeviceEnd = string | undefined;

/** A device that is logged in over CoAP. */
export interface CoapConnection extends DeviceConnection {
  /** What it presents with every message. Changes when it has logged in again. */
  readonly token: string;
  /** Logs in again and takes the new token. An observation goes on under the old one. */
  login(): Promise<void>;
  /**
   * Fetches the oldest message that waits for the device. It is fetched again until it is acknowledged.
   *
   * @returns `undefined` when none waits.
   */
  fetchMessage(): Promise<CoapMessage | undefined>;
  /** Fetches up to `pageSize` messages, 1 to 10, oldest first. They are fetched again until they are acknowledged. */
  pull(pageSize: number): Promise<readonly CoapMessage[]>;
  /** Takes a message out of the mailbox. @throws DeviceError `4.04` when it does not wait (any more). */
  acknowledge(messageId: string): Promise<void>;
  /**
   * Has messages come as they are sent, one after the other (RFC 7641).
   *
   * @param onMessage a message is acknowledged when the promise resolves; when it rejects, the observation ends and the message stays.
   */
  observe(onMessage: (message: CoapMessage) => Promise<void> | void): Promise<CoapObservation>;
}
