/** A message to publish. */
export interface DeviceMessage {
  /** With leading slash, e.g. `/a1b2/dev1/user/update`. */
  readonly topic: string;
  readonly payload: string | Buffer;
  /** 1 (default) waits for the gateway's acknowledgement; 0 does not, where the protocol can tell them apart. */
  readonly qos?: 0 | 1;
}

/** What the gateway answered to a message, as far as the protocol says it. */
export interface PublishAnswer {
  /** Decimal text of a 64-bit number. */
  readonly messageId?: string;
  /** The gateway's own reply to a system topic, in clear. */
  readonly reply?: Buffer;
}

/** A device that is logged in. The same on every protocol. */
export interface DeviceConnection {
  /** @throws DeviceError when the gateway refuses, or the line ends first. */
  publish(message: DeviceMessage): Promise<PublishAnswer>;
  /** Ends it from the device's side. */
  close(): Promise<void>;
}
