import type { Duplex } from "node:stream";
import type { Platform } from "@trine/core/platform";
import type { Inbound } from "@trine/ingress";
import { handOff } from "@trine/runtime";
import { Aedes } from "aedes";
import { UNSUPPORTED_VERSION } from "./connack.ts";
import type { ConnectionTable } from "./connection-table.ts";
import { endConnection } from "./end-connection.ts";
import { createEngineHooks } from "./engine-hooks.ts";
import { createEnginePersistence } from "./engine-persistence.ts";
import { type FrameFault, FrameGuard } from "./frame-guard.ts";
import { guardStream } from "./guard-stream.ts";
import { handOver } from "./hand-over.ts";
import { Link } from "./link.ts";
import { Links } from "./links.ts";
import type { MailboxPump } from "./mailbox-pump.ts";
import { createPendingWork } from "./pending-work.ts";
import { createReadPace } from "./read-pace.ts";
import type { MqttSettings } from "./settings.ts";
import { createSilentEmitter } from "./silent-emitter.ts";
import { TRANSPORT } from "./transport.ts";

/** How long a device may take to read what it is owed, an acknowledgement say, once its connection is full. */
const SLOW_DEVICE_MS = 30_000;

/** Packets that a device may send behind its CONNECT, before that is answered. */
const EARLY_PACKETS = 128;

/** The protocol engine with Trine behind it. */
export interface Engine {
  /** Serves a new connection. */
  accept(inbound: Inbound): void;
  /** Closes every connection, logged in or not, at once. @returns how many. */
  closeAll(why: string): number;
  /** Closes connections that have not logged in. @returns how many. */
  closeIdle(): number;
  /**
   * Closes every connection, evenly over `drainMs`; each is served until its turn comes. What was begun then has `finishMs` more to come to
   * its end.
   */
  stop(within: { drainMs: number; finishMs: number }): Promise<void>;
}

interface Deps {
  readonly platform: Platform;
  readonly settings: MqttSettings;
  readonly table: ConnectionTable;
}

/**
 * Connects aedes with the gateway. The engine speaks the protocol; who may what, where messages go, and which connection of a device
 * survives is decided here.
 */
export async function createEngine({ platform, settings, table }: Deps): Promise<Engine> {
  const { recorder } = platform;
  const links = new Links();
  const work = createPendingWork(recorder);
  const engine = await Aedes.createBroker({
    ...createEngineHooks({ platform, settings, table, links, work }),
    mq: createSilentEmitter(),
    persistence: createEnginePersistence({
      isPresent: (id) => links.connectionById(id)?.sessionPresent === true,
      unsubscribe: async (id, filters) => links.byId(id)?.unsubscribe(filters),
      acknowledge: async (id, packetId) => {
        const sender = links.connectionById(id)?.window.acknowledged<MailboxPump>(packetId);
        if (sender) await work.track("acknowledge", sender.acknowledged(packetId));
      },
    }),
    connectTimeout: settings.TRINE_MQTT_CONNECT_SECONDS * 1_000,
    drainTimeout: SLOW_DEVICE_MS,
    queueLimit: EARLY_PACKETS,
  });
  followEngine(engine, links);

  const limits = {
    payloadBytes: settings.TRINE_MQTT_PAYLOAD_BYTES,
    filtersPerSubscribe: settings.TRINE_MQTT_FILTERS_PER_SUBSCRIBE,
  };
  const pace = createReadPace({ clock: platform.clock, bytesPerSecond: settings.TRINE_MQTT_BYTES_PER_SECOND });
  let linkCount = 0;

  function cutOff(link: Link, fault: FrameFault): void {
    recorder.dropped(TRANSPORT, fault);
    if (fault !== "unsupported_version") {
      link.cut(fault);
      return;
    }
    link.blame(fault);
    link.hold();
    endWith(link.stream, UNSUPPORTED_VERSION);
  }

  function closeAll(why: string): number {
    const open = links.all();
    for (const link of open) link.cut(why);
    return open.length;
  }

  function closeIdle(): number {
    const idle = links.all().filter(({ connection }) => !connection);
    for (const link of idle) link.cut("shed");
    return idle.length;
  }

  /** Read in the midst of what came, so that a node that was frozen acts on none of it. */
  function isLapsed(): boolean {
    if (platform.mayServe()) return false;
    closeAll("lease_over");
    return true;
  }

  async function end(link: Link): Promise<void> {
    links.remove(link);
    const { connection, carried } = link;
    if (!connection) return;
    // A device that logs in behind it just now is in before, or not at all.
    await connection.publishes.idle();
    carried?.endAll();
    await endConnection(connection, { table, platform });
  }

  return {
    closeAll,
    closeIdle,
    accept(inbound) {
      const { stream } = inbound;
      linkCount += 1;
      const link = new Link({
        id: linkCount.toString(36),
        inbound,
        guard: new FrameGuard(limits),
        pace,
        isLapsed,
        onFault: cutOff,
      });
      links.add(link);
      guardStream(stream, link);
      stream.once("close", () => work.track("close", end(link)));
      engine.handle(stream);
    },
    async stop({ drainMs, finishMs }) {
      const finishing: Promise<void>[] = [];
      await handOff(links.all(), drainMs, (link) => {
        link.blame("stopped");
        link.hold();
        finishing.push(finish(link));
      });
      await within(finishMs, Promise.all(finishing));
      await new Promise<void>((done) => engine.close(() => done()));
      await work.settled();
    },
  };
}

/** What the engine tells. */
function followEngine(engine: Aedes, links: Links): void {
  engine.on("connackSent", ({ returnCode }, client) => {
    if (returnCode !== 0) return;
    const link = links.of(client);
    link?.connection?.begin();
    if (!link?.registered) return;
    handOver(link, link.registered);
    link.registered = undefined;
  });
  engine.on("subscribe", (subscriptions, client) => links.of(client)?.subscribed(subscriptions));
  // A hint may have been lost; who pings has time to look.
  engine.on("ping", (_packet, client) => {
    links.connectionOf(client)?.pump.run();
    links.of(client)?.carried?.look();
  });
  engine.on("keepaliveTimeout", (client) => links.of(client)?.blame("keepalive_timeout"));
  engine.on("clientError", (client, error) => links.of(client)?.blame(reasonOf(error)));
}

/** Acknowledges what was taken, and closes when that is written. */
async function finish({ connection, stream }: Link): Promise<void> {
  await connection?.publishes.idle();
  if (stream.destroyed) return;
  const closed = new Promise((done) => stream.once("close", done));
  // After the packets that are corked until the next tick.
  setImmediate(() => endWith(stream));
  await closed;
}

/** Closes a stream when what was written to it, and `last`, has left. */
function endWith(stream: Duplex, last?: Buffer): void {
  stream.end(last, () => stream.destroy());
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
