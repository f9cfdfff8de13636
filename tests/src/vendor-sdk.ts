import type { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import type { DeviceCertificate } from "@trine/device";

const require = createRequire(import.meta.url);

/** What the vendor's SDK hands to the callbacks of its posts. */
export interface VendorReply {
  readonly id: string;
  readonly code: number;
  readonly message: string;
}

/** What it hands on of a shadow: answers and what is desired alike. */
export interface VendorShadowMessage {
  readonly method: string;
  readonly payload: { readonly status: string; readonly version?: number; readonly state?: object };
  readonly version?: number;
  readonly timestamp: number;
}

type Callback = (reply: VendorReply) => void;

/** A device of the vendor's Node SDK, as far as the tests use it. The SDK has no types of its own. */
export interface VendorDevice extends EventEmitter {
  readonly connected: boolean;
  /** Its MQTT.js client; emits `packetreceive`. */
  readonly mqttClient: EventEmitter;
  postProps(properties: object, callback: Callback): void;
  postEvent(name: string, parameters: object, callback: Callback): void;
  postTags(tags: readonly { attrKey: string; attrValue: string }[], callback: Callback): void;
  getShadow(): void;
  postShadow(reported: object): void;
  /** Without names: everything. */
  deleteShadow(names?: string | readonly string[]): void;
  onShadow(callback: (message: VendorShadowMessage) => void): void;
  onProps(callback: (message: { id: string; params: object }) => void): void;
  onService(
    name: string,
    callback: (message: { id: string; params: object }, reply: (answer: object) => void) => void,
  ): void;
  subscribe(topic: string, options: { qos: 0 | 1 }, callback: (error: Error | null) => void): void;
  publish(topic: string, payload: string, options: { qos: 0 | 1 }, callback: (error?: Error) => void): void;
  end(force: boolean, callback: () => void): void;
}

interface VendorSdk {
  readonly sdkver: string;
  device(config: DeviceCertificate & { brokerUrl: string; keepalive?: number; signAlgorithm?: string }): VendorDevice;
}

/** The vendor's Node SDK as npm delivers it. */
export const vendorSdk = require("alibabacloud-iot-device-sdk") as VendorSdk;
