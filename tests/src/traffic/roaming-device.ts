import { randomInt } from "node:crypto";
import type { GatewayNode } from "../many-nodes.ts";
import type { Ledger, Leg, Stream } from "./ledger.ts";
import type { Line, Protocol } from "./line.ts";
import { pause, within } from "./pause.ts";

/** What a device waits for, before it tries another node. */
const LOGIN_WITHIN_MS = 3_000;
const ACKNOWLEDGE_WITHIN_MS = 4_000;
/** The login that takes over, and the order to the other node. */
const TAKEN_OVER_WITHIN_MS = LOGIN_WITHIN_MS + 4_000;
const TRY_AGAIN_MS = 100;

/** Firmware that publishes without end on one protocol, and goes to another node whenever the one that it is on fails it. */
export interface RoamingDevice {
  readonly stream: Stream;
  /** Sends nothing new, waits for every acknowledgement, and logs off in order. */
  leave(): Promise<void>;
}

/** How it changes nodes without need. `takeover`: it logs in elsewhere while it is connected still. */
const WAYS = ["close", "drop", "takeover"] as const;

type Ending = (typeof WAYS)[number] | "failed";

interface Options {
  readonly nodes: readonly GatewayNode[];
  readonly ledger: Ledger;
  readonly protocol: Protocol;
  /** It changes nodes after at most so long, at random. Default: only when it has to. */
  readonly movesWithinMs?: number;
  /** Pause between two messages. */
  readonly everyMs: number;
}

/**
 * Starts it. What is not acknowledged is sent again on the next node, in order, before anything new (MQTT-4.4.0-1), so that a second copy can
 * only come of an acknowledgement that was cut off.
 */
export function startRoamingDevice({ nodes, ledger, protocol, movesWithinMs, everyMs }: Options): RoamingDevice {
  const stream: Stream = { name: protocol.name, attempts: new Map(), acknowledged: new Set() };
  ledger.streams.push(stream);
  let leaving = false;
  let failedOn: GatewayNode | undefined;
  const leftOpen: Promise<void>[] = [];

  async function run(): Promise<void> {
    while (!leaving || hasUnacknowledged(stream)) {
      const node = pickOther(nodes, failedOn);
      const leg: Leg = { way: protocol.way, node: node.name, beganAt: performance.now() };
      ledger.legs.push(leg);
      const line = await dialWithin(node, leg);
      if (!line) {
        failedOn = node;
        await pause(TRY_AGAIN_MS);
        continue;
      }
      const ending = await publishOn(line);
      failedOn = ending === "failed" ? node : undefined;
      await end(line, leg, ending);
    }
  }

  /** A login that comes too late is dropped when it comes. */
  async function dialWithin(node: GatewayNode, leg: Leg): Promise<Line | undefined> {
    const dialled = protocol.dial({
      node,
      certificate: ledger.certificate,
      receive: (payload) => ledger.received.push({ number: Number(payload), leg }),
    });
    try {
      return await within(LOGIN_WITHIN_MS, dialled);
    } catch {
      leg.end = "cut";
      dialled.then((late) => late.drop()).catch(() => undefined);
      return undefined;
    }
  }

  /** Publishes until the line fails, or it is time to go. */
  async function publishOn(line: Line): Promise<Ending> {
    const flights = new Set<Promise<void>>();
    let failed = false;
    void line.ended.then(() => {
      failed = true;
    });
    const goesAt =
      movesWithinMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + randomInt(movesWithinMs);
    const way = WAYS[randomInt(WAYS.length)] ?? "close";
    let next = lowestUnacknowledged(stream);
    while (!failed && performance.now() < goesAt && (!leaving || next <= stream.attempts.size)) {
      if (flights.size < protocol.window) {
        const flight = publish(line, next);
        next += 1;
        flights.add(flight);
        flight
          .catch(() => {
            failed = true;
          })
          .finally(() => flights.delete(flight));
        await pause(everyMs);
      } else await Promise.race(flights).catch(() => undefined);
    }
    if (!failed && way !== "close" && !leaving) return way;
    await Promise.allSettled(flights);
    return failed ? "failed" : "close";
  }

  async function publish(line: Line, number: number): Promise<void> {
    stream.attempts.set(number, (stream.attempts.get(number) ?? 0) + 1);
    await within(ACKNOWLEDGE_WITHIN_MS, line.publish(String(number)));
    stream.acknowledged.add(number);
  }

  async function end(line: Line, leg: Leg, ending: Ending): Promise<void> {
    if (ending === "close") {
      leg.end = await closeInOrder(line);
      leg.endedAt = performance.now();
      return;
    }
    leg.end = "cut";
    if (ending === "takeover") leftOpen.push(seeItEnded(line, leg));
    else line.drop();
  }

  /** The gateway has to end what was taken over. */
  async function seeItEnded(line: Line, { node }: Leg): Promise<void> {
    try {
      await within(TAKEN_OVER_WITHIN_MS, line.ended);
    } catch {
      line.drop();
      if (protocol.isOneConnection)
        ledger.complaints.push(`${ledger.certificate.deviceName}: ${node} kept a connection that was taken over`);
    }
  }

  async function closeInOrder(line: Line): Promise<"closed" | "cut"> {
    try {
      await within(ACKNOWLEDGE_WITHIN_MS, line.close());
      return "closed";
    } catch {
      line.drop();
      return "cut";
    }
  }

  const running = run();
  return {
    stream,
    async leave() {
      leaving = true;
      await running;
      await Promise.all(leftOpen);
    },
  };
}

/** Any node but the one that failed just now, unless it is the only one. */
function pickOther(nodes: readonly GatewayNode[], failed: GatewayNode | undefined): GatewayNode {
  const others = nodes.filter((node) => nodes.length === 1 || node !== failed);
  const picked = others[randomInt(others.length)];
  if (!picked) throw new Error("there is no other node");
  return picked;
}

function lowestUnacknowledged({ acknowledged }: Stream): number {
  let lowest = 1;
  while (acknowledged.has(lowest)) lowest += 1;
  return lowest;
}

function hasUnacknowledged(stream: Stream): boolean {
  return lowestUnacknowledged(stream) <= stream.attempts.size;
}
