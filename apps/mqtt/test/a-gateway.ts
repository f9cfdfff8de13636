import type { TopicClass } from "@trine/core/ports";
import type { DeviceCertificate } from "@trine/core/registry";
import { signMqttLogin } from "@trine/device";
import { ANSWERING_SERVICES, createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import type { IConnectPacket } from "mqtt-packet";
import type { MqttSettings } from "../src/index.ts";
import { startOn } from "./driver.ts";
import { type Channel, openRaw, type RawClient } from "./raw-client.ts";

export interface ConnectOptions {
  readonly clean?: boolean;
  readonly keepalive?: number;
  readonly implicitSubscriptions?: boolean;
  readonly version?: 3 | 4;
  readonly will?: boolean;
}

/** A test platform with the adapter over it, and shortcuts to what tests do all the time. */
export interface Gateway extends TestPlatform {
  readonly port: number;
  /** A device whose product has topics of every permission. */
  aDevice(): Promise<DeviceCertificate>;
  /** The CONNECT of a device. */
  connectOf(device: DeviceCertificate, options?: ConnectOptions): IConnectPacket;
  /** A connection, nothing more. */
  open(): Promise<RawClient>;
  /** A device that is logged in. */
  loggedIn(device: DeviceCertificate, options?: ConnectOptions): Promise<RawClient>;
  /** Sends a message to a device as an application does. */
  sendTo(device: DeviceCertificate, suffix: string, payload?: string): Promise<string>;
  /** Stops the adapter and starts another one over the same stores. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const TOPICS: readonly TopicClass[] = [
  { suffix: "user/update", permission: "pub" },
  { suffix: "user/get", permission: "sub" },
  { suffix: "user/get/+", permission: "sub" },
  { suffix: "user/shared", permission: "all" },
];

/** Starts a gateway for one test. Its devices come over `channel`. */
export async function aGateway(settings: Partial<MqttSettings> = {}, channel: Channel = "TCP"): Promise<Gateway> {
  const base = await createTestPlatform({ openServices: () => ANSWERING_SERVICES });
  let adapter = await startOn(base.platform, settings);
  const clients: RawClient[] = [];

  async function open(): Promise<RawClient> {
    const client = await openRaw(adapter.port, channel);
    clients.push(client);
    return client;
  }

  return {
    ...base,
    get port() {
      return adapter.port;
    },
    async aDevice() {
      const { productKey } = await base.addProduct();
      await base.operators.products.setTopics(base.actor, productKey, TOPICS);
      return base.addDevice(productKey);
    },
    open,
    connectOf: connectPacket,
    async loggedIn(device, options = {}) {
      const client = await open();
      client.send(connectPacket(device, options));
      const { returnCode } = await client.take("connack");
      if (returnCode !== 0) throw new Error(`the login was refused with ${returnCode}`);
      return client;
    },
    async sendTo(device, suffix, payload = "x") {
      const topic = topicOf(device, suffix);
      const sent = await base.platform.downlink.send(device, {
        topic,
        payload: Buffer.from(payload),
        qos: 1,
        ttlMs: 60_000,
      });
      if (!("messageId" in sent)) throw new Error(sent.code);
      return sent.messageId;
    },
    async restart() {
      await adapter.stop();
      adapter = await startOn(base.platform, settings);
    },
    async stop() {
      await Promise.all(clients.map((client) => client.close()));
      await adapter.stop();
      await base.stop();
    },
  };
}

/** One of the device's own topics. */
export function topicOf({ productKey, deviceName }: DeviceCertificate, suffix: string): string {
  return suffix.startsWith("thing/")
    ? `/sys/${productKey}/${deviceName}/${suffix}`
    : `/${productKey}/${deviceName}/${suffix}`;
}

function connectPacket(device: DeviceCertificate, options: ConnectOptions = {}): IConnectPacket {
  const { clean = true, keepalive = 60, implicitSubscriptions = false, version = 4, will = false } = options;
  const { productKey, deviceName, deviceSecret } = device;
  const login = signMqttLogin(
    { productKey, deviceName, deviceSecret: deviceSecret.reveal() },
    { implicitSubscriptions },
  );
  return {
    cmd: "connect",
    protocolId: version === 3 ? "MQIsdp" : "MQTT",
    protocolVersion: version,
    clean,
    keepalive,
    ...login,
    password: Buffer.from(login.password),
    ...(will
      ? { will: { topic: topicOf(device, "user/update"), payload: Buffer.from("will"), qos: 1 as const, retain: true } }
      : {}),
  };
}
