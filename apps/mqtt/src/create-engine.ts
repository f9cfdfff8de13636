import type { Socket } from "node:net";
import { isRefusal, type Refusal, refuse } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import { Aedes, type AedesOptions, type Client } from "aedes";
import type { IConnectPacket, ISubscribePacket } from "mqtt-packet";
import { CONNACK_CODES } from "./connack.ts";
import type { ConnectionTable } from "./connection-table.ts";
import type { DeviceConnection } from "./device-connection.ts";
import { createEnginePersistence, SESSION_MARK } from "./engine-persistence.ts";
import { guardSocket } from "./guard-socket.ts";
import { type ParsedConnect, parseConnect } from "./parse-connect.ts";
import { peerOf } from "./peer.ts";
import type { MqttSettings } from "./settings.ts";
import { signIn, statusTopicOf } from "./sign-in.ts";
import { TRANSPORT } from "./transport.ts";
import { createWire } from "./wire.ts";

/** Where the engine sends what is in the uplink log already: nobody listens. */
const SINK = "$sink";

const SLOW_CLIENT_MS = 5_000;

/** The protocol engine with Trine behind it. */
export interface Engine {
  /** Serves a new connection. */
  accept(socket: Socket): void;
  /** Resolves when every connection that ended has been given up in the directory. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

interface Deps {
  readonly platform: Platform;
  readonly settings: MqttSettings;
  readonly table: ConnectionTable;
}

/**
 * Connects aedes with the gateway. The engine speaks the protocol; who may what, where messages go, and which connection of a device
 * survives is decided here. Each connection gets an engine id of its own, so that the engine never takes one over by itself.
 */
export async function createEngine({ platform, settings, table }: Deps): Promise<Engine> {
  const parsed = new WeakMap<Client, { connect: ParsedConnect | Refusal; lasting: boolean }>();
  const connections = new Map<string, DeviceConnection>();
  const closing = new Set<Promise<void>>();
  let connectionCount = 0;

  const options: AedesOptions = {
    persistence: createEnginePersistence(({ id }) => connections.get(id)),
    connectTimeout: settings.TRINE_MQTT_CONNECT_SECONDS * 1_000,
    drainTimeout: SLOW_CLIENT_MS,
    // MQTT 3.1 allows 23 characters; the devices' own are longer, and the engine sees ours.
    maxClientsIdLength: Number.MAX_SAFE_INTEGER,

    preConnect(client, connect: IConnectPacket, done) {
      parsed.set(client, { connect: judgeConnect(client, connect), lasting: connect.clean === false });
      connectionCount += 1;
      connect.clientId = `${platform.nodeId}-${connectionCount}`;
      // Accepted and never delivered (wire-format 2.6).
      delete connect.will;
      done(null, true);
    },

    authenticate(client, _username, _password, done) {
      authenticate(client)
        .then((refusal) =>
          refusal
            ? done(Object.assign(new Error(refusal.code), { returnCode: CONNACK_CODES[refusal.code] }), null)
            : done(null, true),
        )
        .catch((error: unknown) => {
          platform.recorder.fault("connect", error);
          done(Object.assign(new Error("unavailable"), { returnCode: CONNACK_CODES.unavailable }), null);
        });
    },

    authorizePublish(client, packet, done) {
      const connection = client && connections.get(client.id);
      if (!connection) return done(new Error("no connection"));
      const { topic, payload, qos } = packet;
      packet.topic = SINK;
      packet.retain = false;
      connection.publishes
        .take({ topic, payload, qos })
        .then((outcome) => done(outcome === "acknowledge" ? null : new Error("the message was not taken")))
        .catch((error: unknown) => {
          platform.recorder.fault("publish", error);
          done(new Error("fault"));
        });
    },

    authorizeSubscribe(client, subscription, done) {
      // Restored ones were granted before, and may have been taken away by the product since: they are judged at delivery.
      if (subscription.topic === SESSION_MARK) return done(null, subscription);
      const connection = connections.get(client.id);
      if (!connection || isSurplus(subscription)) return done(null, null);
      connection
        .subscribe(subscription.topic, subscription.qos === 0 ? 0 : 1)
        .then((granted) => {
          if (!granted) platform.recorder.dropped(TRANSPORT, "forbidden_subscription");
          done(null, granted ? subscription : null);
        })
        .catch((error: unknown) => {
          platform.recorder.fault("subscribe", error);
          done(new Error("unavailable"), null);
        });
    },
  };
  const engine = await Aedes.createBroker(options);

  function judgeConnect(client: Client, connect: IConnectPacket): ParsedConnect | Refusal {
    const { keepalive = 0 } = connect;
    if (keepalive < settings.TRINE_MQTT_KEEPALIVE_MIN || keepalive > settings.TRINE_MQTT_KEEPALIVE_MAX) {
      return refuse("malformed", `keepalive ${keepalive} s`);
    }
    const { clientId, username, password } = connect;
    return parseConnect({ clientId, username, password, peer: peerOf(client.conn as Socket) });
  }

  async function authenticate(client: Client): Promise<Refusal | undefined> {
    const { connect, lasting } = parsed.get(client) ?? { connect: refuse("malformed", "no CONNECT"), lasting: false };
    parsed.delete(client);
    if (isRefusal(connect)) {
      platform.recorder.dropped(TRANSPORT, connect.code);
      return connect;
    }
    const socket = client.conn as Socket;
    const wire = createWire(socket);
    // The engine's own id is set after this; the same one is drawn for both.
    const connection = await signIn(connect, { platform, settings, wire, lasting, connectionId: client.id });
    if (isRefusal(connection)) return connection;
    connections.set(client.id, connection);
    table.add(connection);
    const end = () => track(forget(client.id, connection));
    if (socket.destroyed) end();
    else socket.once("close", end);
    socket.on("drain", () => connection.pump.run());
    return undefined;
  }

  async function forget(id: string, connection: DeviceConnection): Promise<void> {
    connections.delete(id);
    table.remove(connection);
    const { session, epoch } = connection;
    await platform.connections.close(session, { epoch, statusTopic: statusTopicOf(session.device), why: "closed" });
  }

  function track(work: Promise<void>): void {
    closing.add(work);
    work.catch((error: unknown) => platform.recorder.fault("close", error)).finally(() => closing.delete(work));
  }

  engine.on("clientReady", ({ id }) => connections.get(id)?.pump.run());
  engine.on("subscribe", (_subscriptions, { id }) => connections.get(id)?.pump.restart());
  // A hint may have been lost; who pings has time to look.
  engine.on("ping", (_packet, { id }) => connections.get(id)?.pump.run());

  return {
    accept(socket) {
      socket.setNoDelay(true);
      guardSocket(socket, {
        maxPayloadBytes: settings.TRINE_MQTT_PAYLOAD_BYTES,
        onFault: (fault) => platform.recorder.dropped(TRANSPORT, fault),
      });
      watchSubscribes(engine.handle(socket), settings.TRINE_MQTT_FILTERS_PER_SUBSCRIBE);
    },
    async settled() {
      await Promise.all(closing);
    },
    stop: () => new Promise((done) => engine.close(() => done())),
  };
}

type EngineSubscription = ISubscribePacket["subscriptions"][number] & { surplus?: true };

/**
 * The engine grants the QoS that was asked for, whatever its hook answers, and knows no limit of filters: both are put right in the
 * packet before it sees it. QoS 2 becomes 1, filters beyond the limit are refused (wire-format 2.6).
 */
function watchSubscribes(client: Client, maxFilters: number): void {
  const { _parser: parser } = client as unknown as { _parser: NodeJS.EventEmitter };
  parser.prependListener("packet", (packet: { cmd: string; subscriptions?: EngineSubscription[] }) => {
    if (packet.cmd !== "subscribe") return;
    for (const [at, subscription] of (packet.subscriptions ?? []).entries()) {
      if (subscription.qos === 2) subscription.qos = 1;
      if (at >= maxFilters) subscription.surplus = true;
    }
  });
}

function isSurplus(subscription: object): boolean {
  return "surplus" in subscription;
}
