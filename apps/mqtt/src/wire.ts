import type { Duplex } from "node:stream";
import { writeToStream } from "mqtt-packet";

/** Unread bytes at which a device counts as one that does not read. */
const HIGH_WATER_BYTES = 131_072;

/** Writes messages to one device, beside the engine: packets are written whole, so that the two do not mix. */
export class Wire {
  readonly #stream: Duplex;
  readonly #isGone: () => boolean;
  #begun = false;

  /** @param isGone whether the device is gone, which may be while the stream goes on for others. */
  constructor(stream: Duplex, isGone = () => stream.destroyed) {
    this.#stream = stream;
    this.#isGone = isGone;
  }

  /** The login was answered: from now on messages may follow (MQTT-3.2.0-1). */
  begin(): void {
    this.#begun = true;
  }

  /** Whether messages may be written. */
  get isOpen(): boolean {
    return this.#begun && !this.#isGone() && !this.#stream.destroyed && this.#stream.writable;
  }

  /** Whether the device reads what it is sent. */
  get isWritable(): boolean {
    return this.isOpen && this.#stream.writableLength < HIGH_WATER_BYTES;
  }

  /** Writes a message of QoS 1, whatever waits already. */
  publishQos1(packetId: number, topic: string, payload: Buffer): void {
    const packet = { cmd: "publish", topic, payload, qos: 1, dup: false, retain: false, messageId: packetId } as const;
    writeToStream(packet, this.#stream);
  }

  /** Writes a message of QoS 0. It does not wait: for a device that does not read, it is lost. @returns whether it was written. */
  publishQos0(topic: string, payload: Buffer): boolean {
    if (!this.isWritable) return false;
    writeToStream({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false }, this.#stream);
    return true;
  }
}
