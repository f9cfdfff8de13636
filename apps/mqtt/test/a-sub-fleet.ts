import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { ProductPolicy } from "@trine/core/ports";
import type { DeviceCertificate } from "@trine/core/registry";
import { signFields, signMqttLogin } from "@trine/device";
import { createMemoryPorts } from "@trine/memory";
import { createSqlDeviceRegistry, createSqlTimeline, migrate, openPglite } from "@trine/postgres";
import { findServices, migrateServices, openServices, settingsOf } from "@trine/services";
import { createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import type { MqttSettings } from "../src/index.ts";
import { startOn } from "./driver.ts";
import { aPublish, openRaw, type RawClient } from "./raw-client.ts";

/** A node with the adapter and every service. */
export interface SubNode extends TestPlatform {
  readonly port: number;
}

/** A message that came to a gateway, read. */
export interface Came {
  readonly topic: string;
  readonly packetId: number | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it.
  readonly body: any;
}

/** A gateway that is logged in. */
export interface GatewayClient extends RawClient {
  readonly certificate: DeviceCertificate;
  /** Sends, without waiting. */
  say(topic: string, body: unknown, qos?: 0 | 1): void;
  /** Asks in the vendor's envelope. @returns the answer. */
  ask(topic: string, params: unknown): Promise<Came["body"]>;
  /** The next message on this topic, others are kept. */
  on(topic: string): Promise<Came>;
  /** Adds a device to its topology, and logs it in. @returns the code of the login. */
  bring(sub: DeviceCertificate): Promise<number>;
  login(sub: DeviceCertificate, more?: object): Promise<number>;
}

/** Two nodes over the same stores. */
export interface SubFleet {
  readonly nodes: readonly [SubNode, SubNode];
  addGateway(): Promise<DeviceCertificate>;
  addSub(policy?: ProductPolicy): Promise<DeviceCertificate>;
  connect(certificate: DeviceCertificate, node?: SubNode): Promise<GatewayClient>;
  status(device: DeviceRef): Promise<string | undefined>;
  stop(): Promise<void>;
}

export async function aSubFleet(
  settings: Partial<MqttSettings> = {},
  serviceSettings: Record<string, string> = {},
): Promise<SubFleet> {
  const database = await openPglite({ dataDir: "memory://" });
  const found = await findServices();
  await migrate(database);
  await migrateServices(database, found);
  const ports = createMemoryPorts({ clock: { nowMs: Date.now, monotonicMs: () => performance.now() } });
  const place = {
    database,
    dataFolder: undefined,
    publicUrl: "http://x",
    settings: settingsOf(found).parse(serviceSettings),
  };
  const definitions = found.map(({ definition }) => definition);
  const masterKey = Buffer.alloc(32, 7);
  const clients: RawClient[] = [];
  const stops: (() => Promise<unknown>)[] = [];

  async function openNode(): Promise<SubNode> {
    const base = await createTestPlatform({
      ports,
      masterKey,
      instead: {
        registry: createSqlDeviceRegistry(database),
        timeline: createSqlTimeline(database, { maxPerDevice: 100 }),
      },
      openServices: (core) => openServices(definitions, core, place),
    });
    const adapter = await startOn(base.platform, settings);
    stops.push(async () => {
      await adapter.stop();
      await base.stop();
    });
    return { ...base, port: adapter.port };
  }

  const first = await openNode();
  const nodes = [first, await openNode()] as const;
  const { operators, actor } = first;

  return {
    nodes,
    async addGateway() {
      return first.addDevice((await first.addProduct({ nodeType: "gateway" })).productKey);
    },
    async addSub(policy = {}) {
      const { productKey } = await first.addProduct({ policy });
      await operators.products.setTopics(actor, productKey, [
        { suffix: "user/update", permission: "pub" },
        { suffix: "user/get", permission: "sub" },
      ]);
      return first.addDevice(productKey);
    },
    async connect(certificate, node = first) {
      const client = await openRaw(node.port);
      clients.push(client);
      const login = signMqttLogin(inText(certificate), { implicitSubscriptions: true });
      const password = Buffer.from(login.password);
      const packet = {
        protocolId: "MQTT",
        protocolVersion: 4,
        clean: true,
        keepalive: 60,
        ...login,
        password,
      } as const;
      client.send({ cmd: "connect", ...packet });
      const { returnCode } = await client.take("connack");
      if (returnCode !== 0) throw new Error(`the login was refused with ${returnCode}`);
      return gatewayOver(client, certificate);
    },
    async status({ productKey, deviceName }) {
      for (const node of nodes) await node.flush();
      const found = await operators.devices.find({ productKey, deviceName });
      return "status" in found ? (found.status as string) : undefined;
    },
    async stop() {
      await Promise.all(clients.map((client) => client.close()));
      for (const stop of stops) await stop();
      await database.close();
    },
  };
}

/** What a gateway sends of a device behind it. */
export function signedBy(sub: DeviceCertificate, more: object = {}) {
  const { fields, sign } = signFields(inText(sub), { timestamp: "15980" });
  return { ...fields, signMethod: "hmacSha256", sign, cleanSession: "true", ...more };
}

/** Names alone. */
export function namesOf({ productKey, deviceName }: DeviceRef) {
  return { productKey, deviceName };
}

export const session = (gateway: DeviceRef, what: string) => `/ext/session/${deviceKey(gateway)}/combine/${what}`;
export const thing = (device: DeviceRef, what: string) => `/sys/${deviceKey(device)}/thing/${what}`;
export const errorTopic = (gateway: DeviceRef) => `/ext/error/${deviceKey(gateway)}`;

function gatewayOver(client: RawClient, certificate: DeviceCertificate): GatewayClient {
  const kept: Came[] = [];
  let asked = 0;

  async function on(topic: string): Promise<Came> {
    for (;;) {
      const at = kept.findIndex((came) => came.topic === topic);
      const [came] = at < 0 ? [] : kept.splice(at, 1);
      if (came) return came;
      const packet = await client.take("publish", 10_000);
      kept.push({ topic: packet.topic, packetId: packet.messageId, body: readBody(packet.payload.toString()) });
    }
  }

  const say: GatewayClient["say"] = (topic, body, qos = 0) =>
    client.send(aPublish({ topic, payload: typeof body === "string" ? body : JSON.stringify(body), qos }));

  async function ask(topic: string, params: unknown): Promise<Came["body"]> {
    asked += 1;
    say(topic, { id: String(asked), params });
    return (await on(`${topic}_reply`)).body;
  }

  async function login(sub: DeviceCertificate, more: object = {}): Promise<number> {
    return (await ask(session(certificate, "login"), signedBy(sub, more))).code;
  }

  return {
    ...client,
    certificate,
    say,
    ask,
    on,
    login,
    async bring(sub) {
      const { code } = await ask(thing(certificate, "topo/add"), [signedBy(sub)]);
      if (code !== 200) throw new Error(`topo/add was answered ${code}`);
      return login(sub);
    },
  };
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function inText({ productKey, deviceName, deviceSecret }: DeviceCertificate) {
  return { productKey, deviceName, deviceSecret: deviceSecret.reveal() };
}
