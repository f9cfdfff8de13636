import type { Delivery } from "rhea";
import { forgetBody } from "../wire/engine.ts";

/** A message that the client has and did not settle. */
export interface OutMessage {
  /** Of the log. */
  readonly id: string;
  readonly delivery: Delivery;
  /** When the log gives it to whoever reads next. Monotonic. */
  readonly lapsesAtMs: number;
}

/** The messages of one link that are out, the oldest first. */
export class OutMessages {
  readonly #byId = new Map<string, OutMessage>();
  readonly #byDelivery = new Map<Delivery, OutMessage>();

  get size(): number {
    return this.#byId.size;
  }

  add(message: OutMessage): void {
    this.#byId.set(message.id, message);
    this.#byDelivery.set(message.delivery, message);
  }

  /** Takes a message out by its id; it is given again. */
  takeId(id: string): OutMessage | undefined {
    return this.#take(this.#byId.get(id));
  }

  /** Takes a message out that the client decided about. */
  takeDelivery(delivery: Delivery): OutMessage | undefined {
    return this.#take(this.#byDelivery.get(delivery));
  }

  /** Takes out what has lapsed. */
  takeLapsed(nowMs: number): readonly OutMessage[] {
    const lapsed: OutMessage[] = [];
    for (const message of this.#byId.values()) {
      if (message.lapsesAtMs > nowMs) break;
      lapsed.push(message);
    }
    for (const message of lapsed) this.#take(message);
    return lapsed;
  }

  /** When the next message lapses. Monotonic; absent when none is out. */
  get nextLapseMs(): number | undefined {
    const [oldest] = this.#byId.values();
    return oldest?.lapsesAtMs;
  }

  /** Lets go of what the message says, if it is on its way. */
  forgetBody(id: string): void {
    const message = this.#byId.get(id);
    if (message) forgetBody(message.delivery);
  }

  #take(message: OutMessage | undefined): OutMessage | undefined {
    if (!message) return undefined;
    this.#byId.delete(message.id);
    this.#byDelivery.delete(message.delivery);
    return message;
  }
}
