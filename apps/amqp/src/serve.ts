import type { Duplex } from "node:stream";
import type { Sender } from "rhea";
import type { AccessWatch } from "./access/access-watch.ts";
import type { AdmitToGroup, Place } from "./access/admit-to-group.ts";
import type { SignedIn } from "./access/create-gate.ts";
import { ERRORS, FRAME_ERRORS, type WireError } from "./access/error-conditions.ts";
import { isAccessRefusal } from "./access/refuse-access.ts";
import type { ConsumerNames } from "./delivery/consumer-names.ts";
import { type Pump, type PumpDeps, startPump } from "./delivery/pump.ts";
import { MAX_FRAME_BYTES, openSubscriber, type Subscriber } from "./subscriber.ts";
import { TRANSPORT } from "./transport.ts";
import type { ByteUnits, UnitFault } from "./wire/byte-units.ts";
import { checkFrame, type FrameFault } from "./wire/check-frame.ts";
import { nextUnit } from "./wire/next-unit.ts";
import { PacedSocket } from "./wire/paced-socket.ts";

/** What serving an application stands on. */
export interface ServeDeps {
  readonly admit: AdmitToGroup;
  readonly watch: AccessWatch;
  readonly pump: PumpDeps;
  /** Connections that are served, by what closes them. */
  readonly open: Set<(error: WireError) => void>;
  /** Connections that have ended, while what they accepted is acknowledged still. */
  readonly finishing: Set<Promise<void>>;
  readonly names: ConsumerNames;
  readonly drawId: () => string;
  readonly linkMs: number;
  readonly idleMs: number;
  readonly slowMs: number;
}

interface Client {
  readonly stream: Duplex;
  readonly units: ByteUnits;
  readonly peer: string;
  readonly who: SignedIn;
}

/** Serves an application that signed in, until its connection ends. @returns why that ended. */
export async function serve(client: Client, deps: ServeDeps): Promise<string> {
  const { stream, units, peer, who } = client;
  const place = await deps.admit(who, peer);
  const refusal = isAccessRefusal(place) ? place.code : undefined;
  const id = deps.drawId();
  let why = refusal ?? "disconnected";
  let pump: Pump | undefined;
  let stopPump: (() => Promise<void>) | undefined;
  let stopped: Promise<unknown> = Promise.resolve();
  let links = 0;

  const socket = new PacedSocket(stream, {
    slowMs: deps.slowMs,
    unblocked: () => pump?.wake(),
    slow() {
      why = "slow_reader";
      stream.destroy();
    },
  });

  function close(error: WireError, because: string): void {
    if (why === "disconnected") why = because;
    subscriber.close(error);
  }

  function fill(sender: Sender): void {
    const { username } = who;
    links += 1;
    const consumer = deps.names.take(username.group) ?? `${TRANSPORT}-${id}-${links}`;
    pump = startPump(
      {
        sender,
        group: username.group,
        read: (place as Place).read,
        consumer,
        isBase64: username.isBase64,
        isBlocked: () => socket.isBlocked,
        onFilterDiffers: () => close(ERRORS.filter_differs, "filter_differs"),
      },
      deps.pump,
    );
    sender.on("sender_flow", pump.wake);
    const filling = pump;
    stopPump = async () => {
      // A name that nothing waits for takes its share of the group along; else nobody would read that until the deadline.
      if (await filling.stop()) deps.names.giveBack(username.group, consumer);
    };
  }

  const subscriber: Subscriber = openSubscriber({
    id,
    socket,
    refusal,
    address: who.username.group,
    linkMs: deps.linkMs,
    idleMs: deps.idleMs,
    onLink: fill,
    onLinkEnd() {
      stopped = Promise.all([stopped, stopPump?.()]);
      pump = undefined;
    },
    onFault(error) {
      deps.pump.recorder.fault("amqp", error);
      close(ERRORS.unavailable, "fault");
    },
    onClose(because) {
      if (why === "disconnected") why = because;
    },
  });
  const closeStopping = (error: WireError) => close(error, "stopping");
  deps.open.add(closeStopping);
  const { accessKeyId } = who.username;
  const unwatch = deps.watch.add({ accessKeyId, grant: who.key, end: (code) => close(ERRORS[code], code) });
  try {
    units.limit(MAX_FRAME_BYTES);
    const fault = await feed(client, socket);
    if (fault) {
      close(FRAME_ERRORS[fault], fault);
      // The library writes the error at the end of this turn.
      await new Promise((done) => setImmediate(done));
    }
    socket.emit("end");
    return why;
  } finally {
    unwatch();
    deps.open.delete(closeStopping);
    const finished = stopped.then(() => {
      deps.finishing.delete(finished);
      if (!isAccessRefusal(place)) place.leave();
    });
    deps.finishing.add(finished);
  }
}

/** Hands what comes to the library, frame by frame, until nothing comes any more, or something that it should not see. */
async function feed(
  { stream, units }: Pick<Client, "stream" | "units">,
  socket: PacedSocket,
): Promise<UnitFault | FrameFault | undefined> {
  const never = new AbortController().signal;
  for (let kind: "header" | "frame" = "header"; ; kind = "frame") {
    const unit = await nextUnit({ stream, units }, kind, never);
    if (unit === "closed") return undefined;
    const fault = typeof unit === "string" ? unit : kind === "frame" ? checkFrame(unit) : undefined;
    if (fault) return fault;
    socket.receive(unit as Buffer);
  }
}
