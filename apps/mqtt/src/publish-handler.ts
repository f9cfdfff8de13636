import { isRefusal, type Refusal, type Session } from "@trine/core/auth";
import { type Publish, sharesOwn } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import type { DeviceCarrier } from "@trine/core/ports";
import type { Backlog } from "./backlog.ts";
import type { Filters } from "./filters.ts";
import { TRANSPORT } from "./transport.ts";
import type { Wire } from "./wire.ts";

interface Deps {
  readonly platform: Pick<Platform, "uplink" | "downlink" | "recorder">;
  readonly session: Session;
  readonly filters: Filters;
  readonly wire: Wire;
  /** Counts what waits on the connection. */
  readonly backlog: Backlog;
  /** Ends the connection. */
  readonly breakOff: (why: string) => void;
  /** Whether the gateway ended it. */
  readonly isCut: () => boolean;
  /** Lets so many milliseconds pass. @returns false when the connection ended meanwhile. */
  readonly pass: (ms: number) => Promise<boolean>;
}

// wire-format 10: retention of messages for a device.
const OWN_TTL_MS = 7 * 86_400_000;

/** A connection that can carry further devices. */
export interface AnsweringCarrier extends DeviceCarrier {
  /** What was asked for is answered: messages for devices that joined may follow. */
  answered(): void;
}

/** Takes the messages of one device, one after the other: pipelined ones reach the log in the order they were sent. */
export class PublishHandler {
  readonly #deps: Deps;
  #last: Promise<void> = Promise.resolve();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /**
   * Hands a message to the log when its turn comes. `acknowledge` is called once it is durable, or is to be dropped unseen; it is not
   * called when the device has to send the message again, and the connection ends then.
   */
  take(message: Publish, acknowledge: () => void, carrier?: AnsweringCarrier): void {
    this.#deps.backlog.add();
    this.#inTurn(() => this.#handle({ ...message, ...(carrier && { carrier }) }, acknowledge, carrier));
  }

  /** Does something when all that was taken is decided. */
  after(work: () => void): void {
    this.#deps.backlog.add();
    this.#inTurn(() => {
      this.#deps.backlog.remove();
      work();
    });
  }

  /** Resolves when all that was taken is decided. */
  idle(): Promise<void> {
    return this.#last;
  }

  #inTurn(work: () => Promise<void> | void): void {
    this.#last = this.#last.then(work).catch((error: unknown) => {
      this.#deps.platform.recorder.fault("publish", error);
      this.#deps.breakOff("fault");
    });
  }

  async #handle(message: Publish, acknowledge: () => void, carrier?: AnsweringCarrier): Promise<void> {
    const { platform, session, filters, wire, isCut, pass, backlog } = this.#deps;
    // A device that says goodbye, or is gone, has sent it all the same: QoS 0 never comes again. After a cut by the gateway nothing counts,
    // or a message could overtake the refused one before it, or follow a revocation.
    const accepted = isCut() ? undefined : await platform.uplink.accept(session, { ...message, pace: pass });
    backlog.remove();
    if (!accepted) return;
    if (isRefusal(accepted)) return this.#refuse(message, accepted, acknowledge);
    acknowledge();
    const { reply } = accepted;
    if (reply && filters.coversAnswer(reply.topic)) wire.publishQos0(reply.topic, reply.payload);
    carrier?.answered();
    if (filters.coversExplicitly(message.topic) && sharesOwn(session, message.topic)) await this.#giveBack(message);
  }

  /**
   * wire-format 2.6: a forbidden message is dropped and acknowledged. Of others only QoS 0 may be lost, also to a rate; the rest must come
   * again.
   */
  #refuse({ qos }: Publish, { code }: Refusal, acknowledge: () => void): void {
    this.#deps.platform.recorder.dropped(TRANSPORT, code);
    const isLoss = code === "unavailable" || code === "throttled";
    if (code === "forbidden_topic" || (qos === 0 && isLoss)) acknowledge();
    else this.#deps.breakOff(code);
  }

  /** wire-format 2.6: delivered with the QoS that it was published with. */
  async #giveBack({ topic, payload, qos }: Publish): Promise<void> {
    const { platform, session, wire } = this.#deps;
    if (qos === 0) {
      wire.publishQos0(topic, payload);
      return;
    }
    try {
      const sent = await platform.downlink.send(session.device, { topic, payload, qos, ttlMs: OWN_TTL_MS });
      if (isRefusal(sent)) platform.recorder.dropped(TRANSPORT, sent.code);
    } catch (error) {
      // It is in the log and acknowledged; only its way back is lost.
      platform.recorder.fault("own_publish", error);
    }
  }
}
