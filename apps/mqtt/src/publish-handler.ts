import { isRefusal, type Session } from "@trine/core/auth";
import { sharesOwn } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import type { Filters } from "./filters.ts";
import { TRANSPORT } from "./transport.ts";
import type { Wire } from "./wire.ts";

/** A message as the engine hands it over. */
interface Incoming {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: number;
}

/** What becomes of a published message: it may be acknowledged, or the connection must end. */
export type PublishOutcome = "acknowledge" | "close";

/** Takes the messages of one connection, one after the other. */
export interface PublishHandler {
  take(message: Incoming): Promise<PublishOutcome>;
  /** Resolves when all that was taken is decided. */
  idle(): Promise<unknown>;
}

const OWN_TTL_MS = 7 * 86_400_000;

/** Makes the handler of a connection. Pipelined messages reach the log in the order they were sent, however long each takes. */
export function createPublishHandler(deps: {
  platform: Platform;
  session: Session;
  filters: Filters;
  wire: Wire;
}): PublishHandler {
  const { platform, session, filters, wire } = deps;
  const { uplink, downlink, recorder } = platform;
  let last: Promise<unknown> = Promise.resolve();

  async function handle({ topic, payload, qos }: Incoming): Promise<PublishOutcome> {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
    const accepted = await uplink.accept(session, { topic, payload: bytes, qos: qos === 0 ? 0 : 1 });
    if (isRefusal(accepted)) {
      recorder.dropped(TRANSPORT, accepted.code);
      // wire-format 2.6: a forbidden message is dropped and acknowledged. Any other must come again, or be seen to be lost.
      return accepted.code === "forbidden_topic" || (qos === 0 && accepted.code === "unavailable")
        ? "acknowledge"
        : "close";
    }
    const { reply } = accepted;
    if (reply && filters.covers(reply.topic)) wire.publishQos0(reply.topic, reply.payload);
    if (filters.coversExplicitly(topic) && sharesOwn(session, topic)) await giveBack(topic, bytes, qos);
    return "acknowledge";
  }

  /** wire-format 2.6: delivered with the QoS that it was published with. */
  async function giveBack(topic: string, payload: Buffer, qos: number): Promise<void> {
    if (qos === 0) return wire.publishQos0(topic, payload);
    await downlink
      .send(session.device, { topic, payload, qos: 1, ttlMs: OWN_TTL_MS })
      .catch((error: unknown) => recorder.fault("own_publish", error));
  }

  return {
    take(message) {
      const taken = last.then(() => (wire.isOpen() ? handle(message) : "close"));
      last = taken.catch(() => undefined);
      return taken;
    },
    idle: () => last,
  };
}
