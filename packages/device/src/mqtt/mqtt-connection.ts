import type { SignMethod } from "@trine/core/certificate";
import type { DeviceTls } from "../channel/tls-options.ts";
import type { DeviceCertificate } from "../device-certificate.ts";
import type { DeviceConnection } from "../device-connection.ts";

/** How an MQTT device connects. */
export interface MqttOptions extends MqttTarget, MqttSessionOptions {
  readonly certificate: DeviceCertificate;
  /** Default: the line is in clear. */
  readonly tls?: DeviceTls;
  /** Sends `_ss=1` (wire-format 0.5). Default false. */
  readonly implicitSubscriptions?: boolean;
  /** Default hmacsha256. */
  readonly signMethod?: SignMethod;
}

/** Where an MQTT device connects. */
export interface MqttTarget {
  readonly host: string;
  readonly port: number;
  /** Local address to connect from; many connections to one port need several. */
  readonly localAddress?: string;
  /** Speaks in the messages of a WebSocket on this path, e.g. `/` (wire-format 2.5). */
  readonly webSocketPath?: string;
}

/** What an MQTT device says at its login beside its proof, and how it takes messages. */
export interface MqttSessionOptions {
  /** Default true. */
  readonly cleanSession?: boolean;
  /** Seconds between two pings that are sent by themselves; default 60. */
  readonly keepaliveSeconds?: number;
  /** Given at connect, because the gateway may send before it is asked for anything. */
  readonly onMessage?: (message: MqttMessage) => void;
  /** Do not acknowledge QoS 1 messages: the listener calls `acknowledge()`. Default false. */
  readonly manualAcknowledge?: boolean;
}

/** A message from the gateway. */
export interface MqttMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly duplicate: boolean;
  readonly retained: boolean;
  /** Sends the PUBACK of a QoS 1 message, once. Does nothing when it was sent already. */
  acknowledge(): void;
}

/** A device that is connected over MQTT. */
export interface MqttConnection extends DeviceConnection {
  /** The gateway remembered this device's session. */
  readonly sessionPresent: boolean;
  /** Resolves when the connection ended, whoever ended it. */
  readonly closed: Promise<void>;
  /** @returns the granted QoS of each filter, 0x80 for a refused one. */
  subscribe(filters: readonly string[], qos?: 0 | 1): Promise<readonly number[]>;
  unsubscribe(filters: readonly string[]): Promise<void>;
  /** Resolves with the PINGRESP. */
  ping(): Promise<void>;
  /** Drops the connection without DISCONNECT, by a TCP reset. */
  destroy(): void;
}
