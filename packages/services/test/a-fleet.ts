import { isRefusal, type Session } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { SessionHolder } from "@trine/core/messaging";
import type { Clock } from "@trine/core/ports";
import { type Actor, isProblem } from "@trine/core/registry";
import { createMemoryPorts, type MemoryPorts } from "@trine/memory";
import { createSqlDeviceRegistry, migrate, openPglite, openPostgres, type SqlDatabase } from "@trine/postgres";
import { createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import { createTestDatabase } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe } from "vitest";
import type { DeviceService } from "../src/contracts.ts";
import { findServices, migrateServices, settingsOf } from "../src/load-services.ts";
import { type OpenServices, openServices } from "../src/open-services.ts";

const ACTOR: Actor = { name: "test", peer: "127.0.0.1" };
const MASTER_KEY = Buffer.alloc(32, 7);

/** One node of a fleet, with its services. */
export interface ServiceNode {
  readonly gateway: TestPlatform;
  readonly services: OpenServices;
  /** Sends as the device does. @returns the answer: its topic, and its payload as text. */
  send(session: Session, topic: string, payload: unknown): Promise<{ topic: string; text: string } | undefined>;
  /** Has the device connected here; it gets messages of QoS 0 on topics that begin with one of `topics`. */
  connect(session: Session, topics: readonly string[], onMessage: (message: GotMessage) => void): Promise<Disconnect>;
  /** Asks a route of a service, as the API does after it checked the request: `ask` is `GET /v1/products/:productKey/... `. */
  ask(ask: string, request: { device: DeviceRef; [field: string]: unknown }): Promise<unknown>;
}

export interface GotMessage {
  readonly topic: string;
  readonly payload: Buffer;
}

/** Ends a connection. With `quietly` nobody is told, as when a node loses it without noticing. */
export type Disconnect = (quietly?: boolean) => Promise<void>;

/** Nodes over one database, whose services keep their tables there. */
export interface ServiceFleet {
  readonly database: SqlDatabase;
  readonly nodes: readonly ServiceNode[];
  /** The first of the nodes. */
  readonly node: ServiceNode;
  /** Adds a device to a product of its own, unless one is given. @returns a session of it, as a login would. */
  addDevice(given?: { productKey?: DeviceRef["productKey"]; nodeType?: "device" | "gateway" }): Promise<Session>;
  /** Switches a service of a product. */
  turn(session: Session, service: string, on: boolean): Promise<void>;
  close(): Promise<void>;
}

/** What is not as it is by default. */
export interface FleetOptions {
  /** Environment variables of services. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
}

/** Runs `tests` on the embedded database and on Postgres, with two nodes each. */
export function describeService(
  name: string,
  tests: (fleet: () => ServiceFleet) => void,
  options: FleetOptions = {},
): void {
  const databases = {
    PGlite: async () => openPglite({ dataDir: "memory://" }),
    Postgres: async () => openPostgres({ url: await createTestDatabase(), onFault: (error) => console.error(error) }),
  };
  describe.each(Object.entries(databases))(`${name} on %s`, (_, open) => {
    let fleet: ServiceFleet | undefined;
    beforeAll(async () => {
      fleet = await openFleet(await open(), options);
    });
    afterAll(() => fleet?.close());
    tests(() => {
      if (!fleet) throw new Error("the fleet is not open");
      return fleet;
    });
  });
}

const SYSTEM_CLOCK: Clock = { nowMs: Date.now, monotonicMs: () => performance.now() };

async function openFleet(
  database: SqlDatabase,
  { environment = {}, clock = SYSTEM_CLOCK }: FleetOptions,
): Promise<ServiceFleet> {
  const found = await findServices();
  await migrate(database);
  await migrateServices(database, found);
  const ports = createMemoryPorts({ clock });
  const definitions = found.map(({ definition }) => definition);
  const settings = settingsOf(found).parse(environment);
  const first = await openNode({ database, ports, settings, clock }, definitions);
  const nodes = [first, await openNode({ database, ports, settings, clock }, definitions)];
  return {
    database,
    nodes,
    node: first,
    async addDevice({ productKey, nodeType } = {}) {
      const owner = productKey ?? (await first.gateway.addProduct(nodeType ? { nodeType } : {})).productKey;
      const { deviceSecret: _, ...device } = await first.gateway.addDevice(owner);
      const credentials = await createSqlDeviceRegistry(database).findCredentials(device);
      if (!credentials) throw new Error("the device was added");
      return {
        sessionId: `session of ${device.deviceName}`,
        device,
        iotId: credentials.iotId,
        secretVersion: credentials.secretVersion,
        transport: "radio",
        peer: "192.0.2.1",
        product: credentials.product,
        activatedNow: false,
      };
    },
    async turn({ device }, service, on) {
      const { products } = first.gateway.operators;
      const changed = await products.update(ACTOR, device.productKey, { services: { [service]: on } });
      if (isProblem(changed)) throw new Error(changed.code);
    },
    async close() {
      for (const { gateway, services } of nodes) {
        await services.close();
        await gateway.stop();
      }
      await database.close();
    },
  };
}

const HOLDS_NOTHING: SessionHolder = {
  close: async () => 0,
  closeAll: () => 0,
  held: () => [],
  closeOlder: async () => 0,
  wake: () => undefined,
  wakeAll: () => undefined,
  deliver: () => false,
};

async function openNode(
  given: { database: SqlDatabase; ports: MemoryPorts; settings: Record<string, unknown>; clock: Clock },
  definitions: readonly DeviceService[],
): Promise<ServiceNode> {
  const { database, ports, settings, clock } = given;
  let opened: OpenServices | undefined;
  const gateway = await createTestPlatform({
    clock,
    ports,
    masterKey: MASTER_KEY,
    instead: { registry: createSqlDeviceRegistry(database) },
    openServices(core) {
      opened = openServices(definitions, core, {
        database,
        dataFolder: undefined,
        publicUrl: "http://devices.example.com",
        settings,
      });
      return opened;
    },
  });
  if (!opened) throw new Error("the services were not opened");
  const services = opened;
  return {
    gateway,
    services,
    async send(session, topic, payload) {
      const bytes = Buffer.isBuffer(payload)
        ? payload
        : Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
      const accepted = await gateway.platform.uplink.accept(session, { topic, payload: bytes, qos: 1 });
      if (!("messageId" in accepted)) throw new Error(`refused: ${accepted.code}`);
      return accepted.reply && { topic: accepted.reply.topic, text: accepted.reply.payload.toString() };
    },
    async connect(session, topics, onMessage) {
      const { platform } = gateway;
      const connection = { connectionId: `of ${session.device.deviceName}`, statusTopic: "/status" };
      const opened = await platform.connections.open(session, connection);
      if (isRefusal(opened)) throw new Error(opened.code);
      const key = deviceKey(session.device);
      const letGo = platform.hold({
        ...HOLDS_NOTHING,
        held: () => [{ session, epoch: opened.epoch }],
        deliver(device, message) {
          const isFor = deviceKey(device) === key && topics.some((topic) => message.topic.startsWith(topic));
          if (isFor) onMessage(message);
          return isFor;
        },
      });
      return async (quietly = false) => {
        letGo();
        if (!quietly) await platform.connections.close(session, { ...connection, epoch: opened.epoch, why: "test" });
      };
    },
    async ask(ask, { device, ...rest }) {
      const [method, path] = ask.split(" ");
      const mounted = services.routes.find(({ route }) => route.method === method && route.path === path);
      if (!mounted) throw new Error(`no route ${ask}`);
      const { route } = mounted;
      const request = { params: {}, query: {}, body: undefined, ...rest };
      return route.handle({
        productKey: device.productKey,
        device,
        actor: ACTOR,
        visible: undefined,
        signal: new AbortController().signal,
        ...request,
        query: route.query ? route.query.parse(request.query) : request.query,
        body: route.body ? route.body.parse(request.body) : request.body,
      });
    },
  };
}
