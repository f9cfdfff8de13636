import type { EventEmitter } from "node:events";
import rhea, { type Connection, type ConnectionOptions, type Delivery, type Sender, type Session } from "rhea";

// What rhea does and its types do not say (3.0.5), all in one place: version and file are pinned, and a test of each stands in test/.

/** What rhea asks of a socket. */
export interface EngineSocket extends EventEmitter {
  write(bytes: Buffer): void;
  end(): void;
  destroy(): void;
  get_id_string(): string;
}

const container = rhea.create_container({ id: "trine" });

const OPTIONS = {
  // The other side has signed in before rhea sees a byte.
  disable_sasl: true,
  reconnect: false,
  receiver_options: { credit_window: 0, autoaccept: false },
  // Deliveries leave this buffer in their order: one that is not settled keeps those behind it, though not their bodies.
  session_buffer_size: { outgoing: 8_192, incoming: 16 },
};

/** What rhea is told of a connection. */
export interface EngineOptions {
  readonly id: string;
  /** Milliseconds without a frame after which rhea closes the connection; the peer is told half of it (AMQP 1.0, 2.4.5). */
  readonly idleMs: number;
  readonly maxFrameBytes: number;
  readonly maxChannel: number;
}

/** Makes the state machine of a connection that came in. `begin` has it speak over the socket. */
export function createEngine({ id, idleMs, maxFrameBytes, maxChannel }: EngineOptions): {
  connection: Connection;
  begin(socket: EngineSocket): void;
} {
  const connection = container.create_connection({
    ...OPTIONS,
    id,
    idle_time_out: Math.ceil(idleMs / 2),
    max_frame_size: maxFrameBytes,
    channel_max: maxChannel,
  } as unknown as ConnectionOptions);
  const accepting = connection as unknown as { accept(socket: EngineSocket): void };
  return { connection, begin: (socket) => accepting.accept(socket) };
}

interface OutDelivery {
  readonly id: number;
  data: readonly Buffer[];
}

interface Outgoing {
  readonly next_delivery_id: number;
  readonly next_pending_delivery: number;
  available(): number;
  readonly deliveries: { by_id(id: number): OutDelivery | undefined };
}

function outgoingOf(session: Session): Outgoing {
  return (session as unknown as { outgoing: Outgoing }).outgoing;
}

/** Messages that a link may be sent now: its credit, without those that were handed to rhea and wait for their turn. */
export function creditOf(link: Sender): number {
  const { credit } = link as unknown as { credit: number };
  const outgoing = outgoingOf(link.session);
  const waiting = outgoing.next_delivery_id - outgoing.next_pending_delivery;
  return Number.isFinite(credit) ? Math.max(0, Math.min(credit - waiting, outgoing.available())) : 0;
}

/** Lets go of the body of a delivery that has been sent; rhea would keep it until it is settled, and those before it. */
export function forgetBody(delivery: Delivery): void {
  const { id, link } = delivery as unknown as { id: number; link: Sender };
  if (id < outgoingOf(link.session).next_pending_delivery) (delivery as unknown as OutDelivery).data = [];
}

/** Has a session find a delivery under its own id only: rhea may find a later one under the id of one that is long settled. */
export function mindIds(session: Session): void {
  const { deliveries } = outgoingOf(session);
  const find = deliveries.by_id.bind(deliveries);
  deliveries.by_id = (id) => {
    const found = find(id);
    return found?.id === id ? found : undefined;
  };
}

/** Whether the client wants its credit used up or given back (AMQP 1.0, 2.6.7). */
export function isDraining(link: Sender): boolean {
  return (link as unknown as { _draining: boolean })._draining === true;
}

/** Gives the rest of a link's credit back. */
export function drained(link: Sender): void {
  link.set_drained(true);
  (link.connection as unknown as { _register(): void })._register();
}

/** Settles a delivery for both sides: the client is told and need not answer. rhea would keep it for ever otherwise. */
export function settle(delivery: Delivery, outcome: "accepted" | "released"): void {
  forgetBody(delivery);
  if (delivery.remote_settled) return;
  const { message } = rhea as unknown as { message: Record<typeof outcome, () => { described(): unknown }> };
  delivery.update(true, message[outcome]().described());
  (delivery as { remote_settled: boolean }).remote_settled = true;
}
