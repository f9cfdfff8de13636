import type { Duplex } from "node:stream";
import type { DeviceRef } from "@trine/core/certificate";
import type { Carrier } from "./carrier.ts";

/** The place of a device on the connection of another one, its gateway's. It may end by itself; it ends with the connection. */
export class SubLink implements Carrier {
  readonly id: string;
  readonly carriedBy: DeviceRef;
  readonly #parent: Carrier;
  readonly #onEnd: (link: SubLink) => void;
  #why: string | undefined;
  #isCut = false;
  #isOver = false;

  constructor(of: { id: string; parent: Carrier; gateway: DeviceRef; onEnd: (link: SubLink) => void }) {
    this.id = of.id;
    this.#parent = of.parent;
    this.carriedBy = of.gateway;
    this.#onEnd = of.onEnd;
  }

  get stream(): Duplex {
    return this.#parent.stream;
  }

  get isGone(): boolean {
    return this.#isOver || this.#parent.isGone;
  }

  get why(): string {
    return this.#why ?? this.#parent.why;
  }

  get isCut(): boolean {
    return this.#isCut || this.#parent.isCut;
  }

  async pass(ms: number): Promise<boolean> {
    return (await this.#parent.pass(ms)) && !this.#isOver;
  }

  blame(why: string): void {
    this.#why ??= why;
  }

  cut(why: string): void {
    this.#isCut = true;
    this.end(why);
  }

  breakOff(why: string): void {
    this.#parent.breakOff(why);
  }

  /** Ends it; what the device sent before still counts. */
  end(why: string): void {
    if (this.#isOver) return;
    this.blame(why);
    this.#isOver = true;
    this.#onEnd(this);
  }
}
