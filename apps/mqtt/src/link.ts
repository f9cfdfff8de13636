import type { Duplex } from "node:stream";
import type { Registered } from "@trine/core/auth";
import type { Inbound } from "@trine/ingress";
import type { CarriedDevices } from "./carried-devices.ts";
import type { Carrier } from "./carrier.ts";
import type { DeviceConnection } from "./device-connection.ts";
import type { FrameFault, FrameGuard } from "./frame-guard.ts";
import type { Gate } from "./guard-stream.ts";
import type { ReadPace } from "./read-pace.ts";

/** One connection, from its first byte to its end, logged in or not. */
export class Link implements Gate, Carrier {
  /** What the engine knows it by, never seen by the device. */
  readonly id: string;
  readonly inbound: Inbound;
  readonly guard: FrameGuard;
  readonly #onFault: (link: Link, fault: FrameFault) => void;
  readonly #isLapsed: () => boolean;
  readonly #pace: ReadPace;
  /** Set by an accepted login. */
  connection: DeviceConnection | undefined;
  /** Set by the accepted login of a device that others may be behind. */
  carried: CarriedDevices | undefined;
  /** Set by an accepted registration: the connection is for nothing else. */
  isRegistration = false;
  /** What is to be handed over once that is answered. */
  registered: Registered | undefined;
  #why: string | undefined;
  #isHeld = false;
  #isCut = false;
  #isPaced = false;

  constructor(of: {
    id: string;
    inbound: Inbound;
    guard: FrameGuard;
    pace: ReadPace;
    isLapsed: () => boolean;
    onFault: (link: Link, fault: FrameFault) => void;
  }) {
    this.id = of.id;
    this.inbound = of.inbound;
    this.guard = of.guard;
    this.#pace = of.pace;
    this.#isLapsed = of.isLapsed;
    this.#onFault = of.onFault;
  }

  get stream(): Duplex {
    return this.inbound.stream;
  }

  get isGone(): boolean {
    return this.stream.destroyed;
  }

  /** Why the connection ended, as a stable word for metrics. */
  get why(): string {
    return this.#why ?? (this.guard.sawDisconnect ? "disconnected" : "connection_lost");
  }

  /** Notes why the connection is about to end; the first reason counts. */
  blame(why: string): void {
    this.#why ??= why;
  }

  /** Whether the gateway ended the connection. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Ends the connection at once; of one that is gone already, drops what still waits. */
  cut(why: string): void {
    this.#isCut = true;
    if (!this.stream.destroyed) this.blame(why);
    this.stream.destroy();
  }

  breakOff(why: string): void {
    this.cut(why);
  }

  async pass(ms: number): Promise<boolean> {
    const { stream } = this;
    if (stream.destroyed) return false;
    await new Promise<void>((done) => {
      const end = () => {
        clearTimeout(timer);
        stream.off("close", end);
        done();
      };
      const timer = setTimeout(end, ms);
      stream.once("close", end);
    });
    return !stream.destroyed;
  }

  /** Filters were granted: whoever they are for gets what waits for them. */
  subscribed(filters: readonly { readonly topic: string }[]): void {
    for (const connection of new Set(filters.map(({ topic }) => this.#ownerOf(topic)))) connection?.pump.restart();
  }

  /** @throws when the store cannot answer. */
  async unsubscribe(filters: readonly string[]): Promise<void> {
    if (!this.carried) return this.connection?.unsubscribe(filters);
    await Promise.all(filters.map((filter) => this.#ownerOf(filter)?.unsubscribe([filter])));
  }

  #ownerOf(filter: string): DeviceConnection | undefined {
    return this.carried?.carriedOn(filter) ?? this.connection;
  }

  /** Reads nothing any more. */
  hold(): void {
    this.#isHeld = true;
  }

  isHeld(): boolean {
    return this.#isHeld || this.#isPaced || this.connection?.backlog.isFull === true;
  }

  took(bytes: number): void {
    const waitMs = this.#pace.take(this.id, bytes);
    if (waitMs === 0) return;
    this.#isPaced = true;
    // Whoever reads is told as if something had come: it asks again then.
    const goOn = () => {
      this.#isPaced = false;
      this.stream.emit("readable");
    };
    setTimeout(goOn, waitMs).unref();
  }

  isLapsed(): boolean {
    return this.#isLapsed();
  }

  fault(fault: FrameFault): void {
    this.#onFault(this, fault);
  }
}
