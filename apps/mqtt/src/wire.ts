import type { Socket } from "node:net";
import { writeToStream } from "mqtt-packet";

/** Writes to one device, beside the engine: packets are written whole, so that the two do not mix. */
export interface Wire {
  /** @returns the packet id that the device will acknowledge. */
  publishQos1(topic: string, payload: Buffer): number;
  publishQos0(topic: string, payload: Buffer): void;
  isOpen(): boolean;
  /** Whether the device reads what it is sent. */
  isWritable(): boolean;
  end(): void;
}

const MAX_PACKET_ID = 65_535;

/** Unread bytes at which a device counts as one that does not read. */
const HIGH_WATER_BYTES = 524_288;

/** Makes the writing side of a connection. */
export function createWire(socket: Socket): Wire {
  let packetId = 0;
  const isOpen = () => !socket.destroyed && socket.writable;
  return {
    publishQos1(topic, payload) {
      packetId = (packetId % MAX_PACKET_ID) + 1;
      writeToStream({ cmd: "publish", topic, payload, qos: 1, dup: false, retain: false, messageId: packetId }, socket);
      return packetId;
    },
    publishQos0(topic, payload) {
      // QoS 0 does not wait: to a device that does not read, it is lost.
      if (socket.writableLength > HIGH_WATER_BYTES) return;
      writeToStream({ cmd: "publish", topic, payload, qos: 0, dup: false, retain: false }, socket);
    },
    isOpen,
    isWritable: () => isOpen() && socket.writableLength <= HIGH_WATER_BYTES,
    end: () => socket.destroy(),
  };
}
