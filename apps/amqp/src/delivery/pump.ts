import type { ReadableGroup } from "@trine/core/access";
import type { Clock, Recorder, UplinkItem, UplinkLog } from "@trine/core/ports";
import type { EventContext, Sender } from "rhea";
import { creditOf, drained, isDraining, settle } from "../wire/engine.ts";
import { createAcknowledger } from "./acknowledger.ts";
import { createBatchSize } from "./batch-size.ts";
import { type OutMessage, OutMessages } from "./out-messages.ts";
import { toMessage } from "./to-message.ts";
import { createWake } from "./wake.ts";

/** What became of a message, for metrics. */
export type Outcome = "sent" | "settled" | "returned" | "lapsed";

export interface PumpDeps {
  readonly log: UplinkLog;
  readonly clock: Clock;
  readonly recorder: Pick<Recorder, "fault">;
  /** Messages that may be out on one link. */
  readonly mostOut: number;
  count(outcome: Outcome, times: number): void;
}

/** One link as it is filled. */
export interface PumpedLink {
  readonly sender: Sender;
  readonly group: string;
  readonly read: ReadableGroup;
  /** Its name among those who read in the group. */
  readonly consumer: string;
  readonly isBase64: boolean;
  /** Whether the client takes less than it is sent. */
  isBlocked(): boolean;
  /** The group turned out to be bound to another product. */
  onFilterDiffers(): void;
}

/** Fills a link. */
export interface Pump {
  /** Something has changed that it may wait for. */
  wake(): void;
  /** Sends nothing any more. What the client accepted is acknowledged still. @returns whether it had nothing that comes again. */
  stop(): Promise<boolean>;
}

/** A waiting link looks again at least this often: a deadline that passes makes no sound. */
const LOOK_AGAIN_MS = 1_000;
/** Between reads that find nothing: what comes all the time may be for others. */
const BREATHE_MS = 5;
const AFTER_FAULT_MS = 1_000;

/**
 * Reads the log as far as the link's credit goes, and never further; acknowledges what the client accepts. What it does not accept within the
 * deadline of the group is forgotten here, since the log gives it to whoever reads next.
 */
export function startPump(link: PumpedLink, deps: PumpDeps): Pump {
  const { sender, group, read } = link;
  const { log, clock, recorder, count } = deps;
  const out = new OutMessages();
  const wake = createWake();
  const batch = createBatchSize();
  let isStopped = false;
  /** Whether the log holds something for this consumer until the deadline of the group. */
  let leftSome = false;
  const acknowledger = createAcknowledger({
    log,
    group,
    recorder,
    monotonicMs: clock.monotonicMs,
    onDone({ delivery }, outcome) {
      count(outcome, 1);
      leftSome ||= outcome === "lapsed";
      settle(delivery, outcome === "settled" ? "accepted" : "released");
      wake.now();
    },
  });

  function room(): number {
    if (link.isBlocked()) return 0;
    return Math.min(creditOf(sender), deps.mostOut - out.size - acknowledger.waiting, batch.size());
  }

  function dropLapsed(): void {
    for (const lapsed of out.takeLapsed(clock.monotonicMs())) drop(lapsed, "lapsed");
  }

  function drop({ delivery }: OutMessage, outcome: Outcome): void {
    count(outcome, 1);
    leftSome = true;
    settle(delivery, "released");
  }

  function send(item: UplinkItem, lapsesAtMs: number): void {
    // The log gave it out anew: what the client may still say about the first copy is too late.
    const earlier = out.takeId(item.id);
    if (earlier) drop(earlier, "lapsed");
    out.add({ id: item.id, delivery: sender.send(toMessage(item, link.isBase64)), lapsesAtMs });
  }

  async function readSome(most: number): Promise<readonly UplinkItem[]> {
    const { productKey, ackDeadlineMs } = read;
    const lapsesAtMs = clock.monotonicMs() + ackDeadlineMs;
    const nowMs = clock.nowMs();
    const request = { consumer: link.consumer, count: most, nowMs, ...(productKey ? { productKey } : {}) };
    const items = await log.read(group, request);
    if (isStopped) {
      leftSome ||= items.length > 0;
      return [];
    }
    if (items === "filter_differs") {
      isStopped = true;
      link.onFilterDiffers();
      return [];
    }
    for (const item of items) send(item, lapsesAtMs);
    batch.note(items);
    if (items.length > 0) count("sent", items.length);
    return items;
  }

  async function step(): Promise<void> {
    dropLapsed();
    const most = room();
    if (most <= 0) {
      await wake.within(Math.max(0, (out.nextLapseMs ?? Number.POSITIVE_INFINITY) - clock.monotonicMs()));
      return;
    }
    const items = await readSome(most);
    if (items.length < most && isDraining(sender)) drained(sender);
    if (items.length > 0) {
      await nextTurn();
      for (const { id } of items) out.forgetBody(id);
      return;
    }
    const sinceMs = clock.monotonicMs();
    await log.waitForNew(LOOK_AGAIN_MS, wake.signal());
    await wake.within(BREATHE_MS - (clock.monotonicMs() - sinceMs));
  }

  async function run(): Promise<void> {
    while (!isStopped) {
      try {
        await step();
      } catch (error) {
        recorder.fault("subscription", error);
        await wake.within(AFTER_FAULT_MS);
      }
    }
  }

  function decided(isAccepted: boolean, { delivery }: EventContext): void {
    const message = delivery && out.takeDelivery(delivery);
    if (!message) return;
    if (isAccepted) acknowledger.add(message);
    else drop(message, "returned");
    wake.now();
  }

  sender.on("accepted", (context: EventContext) => decided(true, context));
  // A modified one comes as a released one too; one that is settled without a word was not accepted.
  for (const event of ["released", "rejected", "settled"])
    sender.on(event, (context: EventContext) => decided(false, context));
  // In this turn the library answers the attach; it would send messages before that answer.
  const running = nextTurn().then(run);
  return {
    wake: wake.now,
    async stop() {
      isStopped = true;
      wake.now();
      await running;
      await acknowledger.idle();
      return out.size === 0 && !leftSome;
    },
  };
}

/** Lets the library send what it was given, so that its credit is right. */
function nextTurn(): Promise<void> {
  return new Promise((done) => setImmediate(done));
}
