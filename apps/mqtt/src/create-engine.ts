import type { Socket } from "node:net";
import { isRefusal, type Refusal, type RefusalCode } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import { Aedes, type AedesOptions, type Client } from "aedes";
import { CONNACK_CODES, UNSUPPORTED_VERSION } from "./connack.ts";
import type { ConnectionTable } from "./connection-table.ts";
import type { DeviceConnection } from "./device-connection.ts";
import { createEnginePersistence, SESSION_MARK } from "./engine-persistence.ts";
import { type FrameFault, FrameGuard } from "./frame-guard.ts";
import { guardSocket } from "./guard-socket.ts";
import { type ConnectRequest, judgeConnect } from "./judge-connect.ts";
import { Link } from "./link.ts";
import type { MqttSettings } from "./settings.ts";
import { signIn, signOff } from "./sign-in.ts";
import { createSilentEmitter } from "./silent-emitter.ts";
import { TRANSPORT } from "./transport.ts";

/** How long a device may take to read what it is owed, an acknowledgement say, once its connection is full. */
const SLOW_DEVICE_MS = 30_000;

/** Packets that a device may send behind its CONNECT, before that is answered. */
const EARLY_PACKETS = 128;

/** The protocol engine with Trine behind it. */
export interface Engine {
  /** Serves a new connection. */
  accept(socket: Socket): void;
  /** Lets what was begun come to its end, within a time, and closes every connection. */
  stop(withinMs: number): Promise<void>;
}

interface Deps {
  readonly platform: Platform;
  readonly settings: MqttSettings;
  readonly table: ConnectionTable;
}

/**
 * Connects aedes with the gateway. The engine speaks the protocol; who may what, where messages go, and which connection of a device
 * survives is decided here.
 *
 * Each connection has an engine id of its own, so that the engine never takes one over by itself. To the engine every session is a
 * lasting one without content: so it asks before it answers an UNSUBSCRIBE, and its CONNACK says what `sessionPresent` says here.
 */
export async function createEngine({ platform, settings, table }: Deps): Promise<Engine> {
  const { recorder } = platform;
  const links = new Map<string, Link>();
  const linkOf = new WeakMap<object, Link>();
  const requests = new WeakMap<Client, ConnectRequest>();
  const endings = new Set<Promise<void>>();
  let linkCount = 0;

  const connectionOf = (client: Client | null): DeviceConnection | undefined =>
    client ? links.get(client.id)?.connection : undefined;

  /** Keeps account of work that a stop has to wait for. */
  function track(where: string, work: Promise<void>): Promise<void> {
    const ending = work
      .catch((error: unknown) => recorder.fault(where, error))
      .finally(() => {
        endings.delete(ending);
      });
    endings.add(ending);
    return ending;
  }

  const options: AedesOptions = {
    mq: createSilentEmitter(),
    persistence: createEnginePersistence({
      isPresent: (id) => links.get(id)?.connection?.sessionPresent === true,
      unsubscribe: async (id, filters) => links.get(id)?.connection?.unsubscribe(filters),
      acknowledge: (id, packetId) =>
        track("acknowledge", links.get(id)?.connection?.pump.acknowledged(packetId) ?? Promise.resolve()),
    }),
    connectTimeout: settings.TRINE_MQTT_CONNECT_SECONDS * 1_000,
    drainTimeout: SLOW_DEVICE_MS,
    queueLimit: EARLY_PACKETS,

    preConnect(client, connect, done) {
      const link = linkOf.get(client.conn);
      if (!link) return done(new Error("not a connection of this engine"), false);
      requests.set(client, judgeConnect(connect, link.socket, settings));
      connect.clientId = link.id;
      connect.clean = false;
      // Accepted and never delivered (wire-format 2.6).
      delete connect.will;
      done(null, true);
    },

    authenticate(client, _username, _password, done) {
      const answered = logIn(client).then(
        (refusal) => (refusal ? done(refusalError(refusal.code), null) : done(null, true)),
        (error: unknown) => {
          recorder.fault("connect", error);
          done(refusalError("unavailable"), null);
        },
      );
      track("connect", answered);
    },

    authorizePublish(client, { topic, payload, qos }, done) {
      const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
      connectionOf(client)?.publishes.take({ topic, payload: bytes, qos: qos === 0 ? 0 : 1 }, () => done());
    },

    authorizeSubscribe(client, subscription, done) {
      const connection = connectionOf(client);
      if (!connection || subscription === SESSION_MARK) return done(null, null);
      connection
        .subscribe(subscription.topic, subscription.qos === 0 ? 0 : 1)
        .then((outcome) => {
          if (outcome !== "granted") recorder.dropped(TRANSPORT, outcome);
          done(null, outcome === "granted" ? subscription : null);
        })
        .catch((error: unknown) => {
          recorder.fault("subscribe", error);
          connection.link.cut("unavailable");
        });
    },
  };
  const engine = await Aedes.createBroker(options);

  async function logIn(client: Client): Promise<Refusal | undefined> {
    const link = links.get(client.id);
    const request = requests.get(client);
    if (!link || !request) throw new Error("a login without its connection");
    requests.delete(client);
    const { connect } = request;
    if (isRefusal(connect)) {
      recorder.dropped(TRANSPORT, `login_${connect.code}`);
      return connect;
    }
    const connection = await signIn(connect, { platform, settings, table, link, request });
    if (isRefusal(connection)) return connection;
    link.connection = connection;
    link.socket.on("drain", () => connection.pump.run());
    return undefined;
  }

  async function end(link: Link): Promise<void> {
    links.delete(link.id);
    const { connection } = link;
    if (!connection) return;
    table.remove(connection);
    await signOff(connection, platform);
  }

  function cutOff(link: Link, fault: FrameFault): void {
    recorder.dropped(TRANSPORT, fault);
    if (fault === "unsupported_version") link.socket.write(UNSUPPORTED_VERSION);
    link.cut(fault);
  }

  engine.on("connackSent", ({ returnCode }, client) => {
    if (returnCode === 0) connectionOf(client)?.begin();
  });
  engine.on("subscribe", (_subscriptions, client) => connectionOf(client)?.pump.restart());
  // A hint may have been lost; who pings has time to look.
  engine.on("ping", (_packet, client) => connectionOf(client)?.pump.run());
  engine.on("keepaliveTimeout", (client) => linkOf.get(client.conn)?.blame("keepalive_timeout"));
  engine.on("clientError", (client, error) => linkOf.get(client.conn)?.blame(reasonOf(error)));

  return {
    accept(socket) {
      socket.setNoDelay(true);
      linkCount += 1;
      const limits = {
        payloadBytes: settings.TRINE_MQTT_PAYLOAD_BYTES,
        filtersPerSubscribe: settings.TRINE_MQTT_FILTERS_PER_SUBSCRIBE,
      };
      const guard = new FrameGuard(limits);
      const link = new Link({ id: linkCount.toString(36), socket, guard, onFault: cutOff });
      links.set(link.id, link);
      linkOf.set(socket, link);
      guardSocket(socket, link);
      socket.once("close", () => track("close", end(link)));
      engine.handle(socket);
    },
    async stop(withinMs) {
      const begun = [...links.values()];
      for (const link of begun) {
        link.blame("stopped");
        link.hold();
      }
      await within(withinMs, Promise.all(begun.map(finish)));
      await new Promise<void>((done) => engine.close(() => done()));
      while (endings.size > 0) await Promise.all(endings);
    },
  };
}

/** Acknowledges what was taken, and closes when that is written. */
async function finish({ connection, socket }: Link): Promise<void> {
  await connection?.publishes.idle();
  if (socket.destroyed) return;
  const closed = new Promise((done) => socket.once("close", done));
  // After the packets that are corked until the next tick.
  setImmediate(() => socket.destroySoon());
  await closed;
}

function refusalError(code: RefusalCode) {
  return Object.assign(new Error(code), { returnCode: CONNACK_CODES[code] });
}

/** Errors of the network have a code, those of the protocol have none. */
function reasonOf(error: Error): string {
  return "code" in error ? "connection_lost" : "protocol_error";
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((done) => {
    timer = setTimeout(done, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
